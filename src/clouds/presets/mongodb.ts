/**
 * A log-in to MongoDB: the commands hello and saslStart in OP_MSG, with the mechanism MONGODB-OIDC, which has one step
 * (mongodb/specifications, auth.md). BSON only as far as these commands need it (bsonspec.org).
 */
import type { Peer, ServerAddress } from '../../platform/outbound/index.ts';
import type { Refusal } from './kafka.ts';

const opMsg = 2013;
const headerBytes = 16;
const maxAnswerBytes = 64 * 1024;
/** The answer ends in a CRC-32C (flag checksumPresent). */
const checksumPresent = 1;

type Value = number | string | Uint8Array;

/** Undefined if the server accepts the token. */
export async function loginToMongodb(peer: Peer, token: string): Promise<Refusal | undefined> {
  // A server expects it as the first command of a connection.
  const hello = await run(peer, 1, { hello: 1, $db: 'admin' });
  const answer =
    hello.ok === 1
      ? await run(peer, 2, {
          saslStart: 1,
          mechanism: 'MONGODB-OIDC',
          payload: documentOf({ jwt: token }),
          $db: '$external',
        })
      : hello;
  if (answer.ok === 1 && answer.done === 1) return undefined;
  return { code: String(answer.code ?? ''), message: String(answer.errmsg ?? '') };
}

/** None unless all are in the domain of the cluster (mongodb/specifications, initial-dns-seedlist-discovery.md). */
export function serversInDomain(
  cluster: string,
  servers: readonly ServerAddress[],
): readonly ServerAddress[] {
  const domain = cluster.slice(cluster.indexOf('.'));
  const isDomain = domain.split('.').length > 2;
  return isDomain && servers.every(({ host }) => host.endsWith(domain)) ? servers : [];
}

async function run(peer: Peer, id: number, command: Readonly<Record<string, Value>>) {
  // Flags, then one section of kind 0: the command.
  const body = Buffer.concat([int32(0), Buffer.of(0), documentOf(command)]);
  peer.write(Buffer.concat([int32(headerBytes + body.length), int32(id), int32(0), int32(opMsg), body]));
  const header = await peer.read(headerBytes);
  const length = header.readInt32LE(0);
  if (length < headerBytes + 10 || length > maxAnswerBytes)
    throw new RangeError(`an answer of ${length} bytes`);
  const answer = await peer.read(length - headerBytes);
  if (header.readInt32LE(8) !== id || header.readInt32LE(12) !== opMsg || answer[4] !== 0)
    throw new RangeError('an answer to another request');
  return scalarsIn(answer.subarray(5, (answer.readUInt32LE(0) & checksumPresent) === 0 ? undefined : -4));
}

const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return buffer;
};

function documentOf(members: Readonly<Record<string, Value>>): Buffer {
  const elements = Buffer.concat(Object.entries(members).map(([name, value]) => elementOf(name, value)));
  return Buffer.concat([int32(elements.length + 5), elements, Buffer.of(0)]);
}

function elementOf(name: string, value: Value): Buffer {
  const [type, content] =
    typeof value === 'number'
      ? [0x10, int32(value)]
      : typeof value === 'string'
        ? [0x02, Buffer.concat([int32(Buffer.byteLength(value) + 1), Buffer.from(`${value}\0`)])]
        : [0x05, Buffer.concat([int32(value.length), Buffer.of(0), value])];
  return Buffer.concat([Buffer.of(type), Buffer.from(`${name}\0`), content]);
}

/** By BSON type, the length of a value at an offset; nothing else can be in an answer that Sojourn understands. */
const lengths: Readonly<Record<number, (bytes: Buffer, offset: number) => number>> = {
  1: () => 8,
  2: (bytes, offset) => 4 + bytes.readInt32LE(offset),
  3: (bytes, offset) => bytes.readInt32LE(offset),
  4: (bytes, offset) => bytes.readInt32LE(offset),
  5: (bytes, offset) => 5 + bytes.readInt32LE(offset),
  7: () => 12,
  8: () => 1,
  9: () => 8,
  10: () => 0,
  16: () => 4,
  17: () => 8,
  18: () => 8,
};

/** The numbers, booleans (as 0 and 1) and texts of a document. A RangeError if it is malformed. */
function scalarsIn(bytes: Buffer): Readonly<Record<string, number | string>> {
  const values: Record<string, number | string> = {};
  const end = bytes.readInt32LE(0) - 1;
  for (let offset = 4; offset < end; ) {
    const type = bytes.readUInt8(offset);
    const nameEnd = bytes.indexOf(0, offset);
    const name = bytes.toString('utf8', offset + 1, nameEnd);
    const start = nameEnd + 1;
    const length = lengths[type]?.(bytes, start) ?? -1;
    if (nameEnd < 0 || length < 0 || start + length > end) throw new RangeError('a malformed document');
    if (type === 0x01) values[name] = bytes.readDoubleLE(start);
    if (type === 0x10) values[name] = bytes.readInt32LE(start);
    if (type === 0x08) values[name] = bytes.readUInt8(start);
    if (type === 0x02) values[name] = bytes.toString('utf8', start + 4, start + length - 1);
    offset = start + length;
  }
  return values;
}
