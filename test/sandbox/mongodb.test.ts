/** The stand-in of MongoDB answers only what a driver says until it is signed in, in that order. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox } from '../../src/sandbox/index.ts';

let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let port: number;
beforeAll(async () => {
  sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 } });
  const { url } = (await (await fetch(`${sandbox.origin}/mongodb-atlas/listener`)).json()) as { url: string };
  port = Number(new URL(url).port);
});
afterAll(() => sandbox.close());

const int32 = (...values: readonly number[]) => Buffer.from(Int32Array.from(values).buffer);
const text = (type: number, name: string, value: Buffer) =>
  Buffer.concat([Buffer.of(type), Buffer.from(`${name}\0`), value]);
function bson(members: Readonly<Record<string, number | string | Buffer>>): Buffer {
  const elements = Object.entries(members).map(([name, value]) => {
    if (typeof value === 'number') return text(0x10, name, int32(value));
    if (typeof value === 'string')
      return text(2, name, Buffer.concat([int32(value.length + 1), Buffer.from(`${value}\0`)]));
    return text(5, name, Buffer.concat([int32(value.length), Buffer.of(0), value]));
  });
  const all = Buffer.concat(elements);
  return Buffer.concat([int32(all.length + 5), all, Buffer.of(0)]);
}
const frame = (code: number, body: Buffer) => Buffer.concat([int32(16 + body.length, 1, 0, code), body]);
const message = (members: Parameters<typeof bson>[0]) =>
  frame(2013, Buffer.concat([int32(0), Buffer.of(0), bson(members)]));
const query = (members: Parameters<typeof bson>[0], name = 'admin.$cmd') =>
  frame(2004, Buffer.concat([int32(0), Buffer.from(`${name}\0`), int32(0, -1), bson(members)]));

/** For each frame whether the server answers it; it ends the connection instead of a wrong one. */
async function answered(...frames: readonly Buffer[]): Promise<readonly boolean[]> {
  const socket = connect(port, '127.0.0.1');
  const results: boolean[] = [];
  for (const bytes of frames) {
    socket.write(bytes);
    const [answer] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown];
    results.push(Buffer.isBuffer(answer));
    if (results.at(-1) === false) break;
  }
  socket.destroy();
  return results;
}

const hello = message({ hello: 1, $db: 'admin' });
const greeting = query({ ismaster: 1, helloOk: 1 });
const login = (mechanism: string) =>
  message({ saslStart: 1, mechanism, payload: bson({ jwt: 'eyJ' }), $db: '$external' });
const ping = message({ ping: 1, $db: 'admin' });

test.each<[string, readonly Buffer[], readonly boolean[]]>([
  ['both greetings and a log-in', [greeting, hello, login('MONGODB-OIDC')], [true, true, true]],
  ['a ping before the log-in', [hello, ping], [true, false]],
  ['a ping after a refused log-in', [hello, login('MONGODB-OIDC'), ping], [true, true, false]],
  ['a log-in before the greeting', [login('MONGODB-OIDC')], [false]],
  ['another command in OP_QUERY', [query({ hello: 1 })], [false]],
  ['a greeting of another database', [query({ ismaster: 1 }, 'other.$cmd')], [false]],
  ['OP_QUERY after the greeting', [hello, greeting], [true, false]],
  ['another protocol', [Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n')], [false]],
])(
  'after %s, the stand-in of MongoDB has answered exactly what a server accepts',
  async (_, frames, expected) => {
    expect(await answered(...frames)).toEqual(expected);
  },
);
