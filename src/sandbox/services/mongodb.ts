/** A server as strict as MongoDB: `hello`, then `saslStart` with MONGODB-OIDC in OP_MSG. Anything else ends the connection. */
import type { Protocol } from './ports.ts';

const opMsg = 2013;

export const mongodb: Protocol = {
  name: 'mongodb-atlas',
  lengthOf: (head) => head.readInt32LE(),
  converse(decide) {
    let greeted = false;

    async function run(command: Command): Promise<Buffer | undefined> {
      const [[name] = []] = command;
      const fields = Object.fromEntries(command);
      if (name === 'hello' && fields.hello === 1 && fields.$db === 'admin') {
        greeted = true;
        return document(bool('isWritablePrimary', true), int('maxWireVersion', 21), double('ok', 1));
      }
      const { mechanism, payload, $db } = fields;
      if (!greeted || name !== 'saslStart' || $db !== '$external' || !Buffer.isBuffer(payload))
        return undefined;
      if (mechanism !== 'MONGODB-OIDC') return failed(2, 'BadValue', 'unsupported mechanism');
      const [[member, token] = [], ...more] = parse(payload);
      if (member !== 'jwt' || typeof token !== 'string' || more.length > 0) return undefined;
      const decision = await decide(token, {});
      if (decision === 'throttled') return failed(462, 'IngressRequestRateLimitExceeded', 'overloaded');
      // The text of the real error was not found.
      if (decision === 'refused') return failed(18, 'AuthenticationFailed', 'sandbox: the token is refused');
      return document(int('conversationId', 1), bool('done', true), double('ok', 1));
    }

    return async (frame) => {
      // No flags, and one section of kind 0.
      if (frame.readInt32LE(12) !== opMsg || frame.readInt32LE(16) !== 0 || frame[20] !== 0) return undefined;
      const body = await run(parse(frame.subarray(21)));
      if (!body) return undefined;
      const header = [int32(21 + body.length), int32(1), frame.subarray(4, 8), int32(opMsg), int32(0)];
      return Buffer.concat([...header, Buffer.of(0), body]);
    };
  },
};

/** The members in their order; the first one is the name of the command. */
type Command = readonly (readonly [name: string, value: number | string | Buffer])[];

/** Strict: only the types that a log-in needs. */
function parse(bytes: Buffer): Command {
  if (bytes.readInt32LE() !== bytes.length || bytes.at(-1) !== 0) throw new RangeError('not a document');
  const members: [string, number | string | Buffer][] = [];
  let offset = 4;
  while (offset < bytes.length - 1) {
    const type = bytes[offset];
    const end = bytes.indexOf(0, offset);
    const name = bytes.toString('utf8', offset + 1, end);
    const size = bytes.readInt32LE(end + 1);
    const start = end + 5;
    if (type === 0x10) members.push([name, size]);
    else if (type === 0x02) members.push([name, bytes.toString('utf8', start, start + size - 1)]);
    else if (type === 0x05) members.push([name, bytes.subarray(start + 1, start + 1 + size)]);
    else throw new RangeError('an unexpected type');
    offset = start + (type === 0x10 ? 0 : type === 0x02 ? size : 1 + size);
  }
  return members;
}

const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return buffer;
};

const document = (...elements: readonly Buffer[]): Buffer => {
  const all = Buffer.concat(elements);
  return Buffer.concat([int32(all.length + 5), all, Buffer.of(0)]);
};
const element = (type: number, name: string, value: Buffer): Buffer =>
  Buffer.concat([Buffer.of(type), Buffer.from(`${name}\0`), value]);
const int = (name: string, value: number): Buffer => element(0x10, name, int32(value));
const bool = (name: string, value: boolean): Buffer => element(0x08, name, Buffer.of(value ? 1 : 0));
const string = (name: string, value: string): Buffer =>
  element(0x02, name, Buffer.concat([int32(value.length + 1), Buffer.from(`${value}\0`)]));
const double = (name: string, value: number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return element(0x01, name, buffer);
};
const failed = (code: number, codeName: string, message: string): Buffer =>
  document(double('ok', 0), string('errmsg', message), int('code', code), string('codeName', codeName));
