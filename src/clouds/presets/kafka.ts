/**
 * A log-in to a Kafka broker: SaslHandshake and SaslAuthenticate of the Kafka protocol, with the client message of SASL
 * OAUTHBEARER (RFC 7628 section 3.1).
 */
import type { Peer } from '../../platform/outbound/index.ts';

/** What a server says to a log-in that it refuses. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

const saslHandshake = { key: 17, version: 1 };
const saslAuthenticate = { key: 36, version: 0 };

const maxAnswerBytes = 64 * 1024;
/** SASL_AUTHENTICATION_FAILED of the protocol. */
const authenticationFailed = '58';
/** The separator of RFC 7628, and the whole client message after a refusal (section 3.2.3). */
const kvsep = '\u0001';

/** Undefined if the broker accepts the token. */
export async function loginToKafka(
  peer: Peer,
  token: string,
  extensions: Readonly<Record<string, string>>,
): Promise<Refusal | undefined> {
  let correlation = 0;
  const call = async (api: { readonly key: number; readonly version: number }, body: Buffer) => {
    correlation += 1;
    const header = [int16(api.key), int16(api.version), int32(correlation), string('sojourn')];
    const request = Buffer.concat([...header, body]);
    peer.write(Buffer.concat([int32(request.length), request]));
    const length = (await peer.read(4)).readInt32BE();
    if (length < 4 || length > maxAnswerBytes) throw new RangeError(`an answer of ${length} bytes`);
    const answer = readerOf(await peer.read(length));
    if (answer.int32() !== correlation) throw new RangeError('an answer to another request');
    return { code: answer.int16(), answer };
  };
  const authenticate = async (message: string) => {
    const { code, answer } = await call(saslAuthenticate, bytes(message));
    return { code, message: answer.string(), said: answer.bytes() };
  };

  const handshake = await call(saslHandshake, string('OAUTHBEARER'));
  if (handshake.code !== 0)
    return { code: String(handshake.code), message: 'The broker refuses SASL OAUTHBEARER.' };
  const pairs = Object.entries({ auth: `Bearer ${token}`, ...extensions });
  const first = await authenticate(
    `n,,${kvsep}${pairs.map(([name, value]) => `${name}=${value}${kvsep}`).join('')}${kvsep}`,
  );
  if (first.code !== 0) return { code: String(first.code), message: first.message };
  if (first.said === '') return undefined;
  const last = await authenticate(kvsep);
  return {
    code: last.code === 0 ? authenticationFailed : String(last.code),
    message: last.message || first.said,
  };
}

const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const string = (text: string): Buffer => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
const bytes = (text: string): Buffer => Buffer.concat([int32(Buffer.byteLength(text)), Buffer.from(text)]);

/** Reads primitive types in order. A length outside the answer throws a RangeError; null is empty. */
function readerOf(answer: Buffer) {
  let offset = 0;
  const advance = (length: number): number => {
    offset += length;
    if (offset > answer.length) throw new RangeError('an answer that is too short');
    return offset - length;
  };
  const int16 = () => answer.readInt16BE(advance(2));
  const int32 = () => answer.readInt32BE(advance(4));
  const text = (length: number) => answer.toString('utf8', advance(Math.max(length, 0)), offset);
  return { int16, int32, string: () => text(int16()), bytes: () => text(int32()) };
}
