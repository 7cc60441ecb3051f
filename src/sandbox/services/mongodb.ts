/**
 * A server as strict as MongoDB: `hello` (a driver says `ismaster` first, in OP_QUERY), `saslStart` with MONGODB-OIDC in OP_MSG,
 * and then `ping`. Anything else ends the connection.
 */
import type { Protocol } from './ports.ts';

const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;

export const mongodb: Protocol = {
  name: 'mongodb-atlas',
  lengthOf: (head) => head.readInt32LE(),
  converse(decide) {
    let state: 'connected' | 'greeted' | 'authenticated' = 'connected';

    async function run(command: Command): Promise<Buffer | undefined> {
      const [[name] = []] = command;
      const fields = Object.fromEntries(command);
      const { mechanism, payload, $db } = fields;
      if ((name === 'hello' || name === 'ismaster') && fields[name] === 1 && $db === 'admin') {
        if (state === 'connected') state = 'greeted';
        const writable = bool(name === 'hello' ? 'isWritablePrimary' : 'ismaster', true);
        return document(
          writable,
          bool('helloOk', true),
          int('minWireVersion', 0),
          int('maxWireVersion', 21),
          double('ok', 1),
        );
      }
      if (name === 'ping' && state === 'authenticated') return document(double('ok', 1));
      if (state !== 'greeted' || name !== 'saslStart' || $db !== '$external' || !Buffer.isBuffer(payload))
        return undefined;
      if (mechanism !== 'MONGODB-OIDC') return failed(2, 'BadValue', 'unsupported mechanism');
      const [[member, token] = [], ...more] = parse(payload);
      if (member !== 'jwt' || typeof token !== 'string' || more.length > 0) return undefined;
      const decision = await decide(token, {});
      if (decision === 'throttled') return failed(462, 'IngressRequestRateLimitExceeded', 'overloaded');
      // The text of the real error was not found.
      if (decision === 'refused') return failed(18, 'AuthenticationFailed', 'sandbox: the token is refused');
      state = 'authenticated';
      return document(int('conversationId', 1), bool('done', true), double('ok', 1));
    }

    return async (frame) => {
      const code = frame.readInt32LE(12);
      const isQuery = code === opQuery && state === 'connected';
      const command = isQuery ? greetingIn(frame) : code === opMsg ? commandIn(frame) : undefined;
      const body = command && (await run(command));
      if (!body) return undefined;
      // OP_REPLY: flags, a cursor, the first document and the count; OP_MSG: flags and a section of kind 0.
      const head = isQuery ? [int32(0), int32(0), int32(0), int32(0), int32(1)] : [int32(0), Buffer.of(0)];
      const rest = Buffer.concat([
        int32(1),
        frame.subarray(4, 8),
        int32(isQuery ? opReply : opMsg),
        ...head,
        body,
      ]);
      return Buffer.concat([int32(rest.length + 4), rest]);
    };
  },
};

/** No flags, and one section of kind 0. */
function commandIn(frame: Buffer): Command | undefined {
  return frame.readInt32LE(16) === 0 && frame[20] === 0 ? parse(frame.subarray(21)) : undefined;
}

const adminCommands = Buffer.from('admin.$cmd\0');

/** The only command that MongoDB still accepts in OP_QUERY. */
function greetingIn(frame: Buffer): Command | undefined {
  const name = frame.subarray(20, 20 + adminCommands.length);
  if (!name.equals(adminCommands)) return undefined;
  // Numbers of documents to skip and to return.
  const command = parse(frame.subarray(20 + adminCommands.length + 8));
  return command[0]?.[0] === 'ismaster' ? [...command, ['$db', 'admin']] : undefined;
}

/** The members in their order; the first one is the name of the command. */
type Command = readonly (readonly [name: string, value: number | string | Buffer])[];

/** The length of a value of each type that a log-in needs. */
const lengths: Readonly<Record<number, (bytes: Buffer, start: number) => number>> = {
  2: (bytes, start) => 4 + bytes.readInt32LE(start),
  3: (bytes, start) => bytes.readInt32LE(start),
  4: (bytes, start) => bytes.readInt32LE(start),
  5: (bytes, start) => 5 + bytes.readInt32LE(start),
  8: () => 1,
  16: () => 4,
};

/** Strict: a value of another type is malformed. Documents inside describe the driver and are not read. */
function parse(bytes: Buffer): Command {
  if (bytes.readInt32LE() !== bytes.length || bytes.at(-1) !== 0) throw new RangeError('not a document');
  const members: [string, number | string | Buffer][] = [];
  let offset = 4;
  while (offset < bytes.length - 1) {
    const type = bytes[offset]!;
    const end = bytes.indexOf(0, offset);
    const name = bytes.toString('utf8', offset + 1, end);
    const start = end + 1;
    const length = lengths[type]?.(bytes, start) ?? -1;
    if (length < 0 || start + length >= bytes.length) throw new RangeError('an unexpected value');
    if (type === 16) members.push([name, bytes.readInt32LE(start)]);
    else if (type === 2) members.push([name, bytes.toString('utf8', start + 4, start + length - 1)]);
    else if (type === 8) members.push([name, bytes[start]!]);
    else members.push([name, bytes.subarray(start + (type === 5 ? 5 : 0), start + length)]);
    offset = start + length;
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
