/**
 * A broker as strict as Apache Kafka: ApiVersions if the client asks, SaslHandshake 1, then SaslAuthenticate 0 with the message
 * that Kafka's OAuthBearerSaslServer accepts. Anything else ends the connection.
 */
import type { Protocol } from './ports.ts';

const handshake = 17;
const apiVersions = 18;
const authenticate = 36;
/** Separates the parts of the client message. */
const soh = '\u0001';
const invalidToken = '{"status":"invalid_token"}';
const errors = { none: 0, unsupportedMechanism: 33, authenticationFailed: 58, throttled: 89 };

export const kafka: Protocol = {
  name: 'kafka',
  lengthOf: (head) => 4 + head.readInt32BE(),
  converse(decide) {
    let state: 'connected' | 'handshake' | 'refused' | 'authenticated' = 'connected';

    /** The error, its message, and what SASL says. */
    async function login(message: string): Promise<readonly [number, string | null, string]> {
      if (state === 'refused' && message === soh) return [errors.authenticationFailed, invalidToken, ''];
      const [head = '', auth = '', ...extensions] = message.split(soh);
      const end = extensions.splice(-2);
      const token = /^auth=bearer +([-_.a-z0-9]+)$/i.exec(auth)?.[1];
      const isValid = /^n,(a=[^,=]+)?,$/.test(head) && extensions.every((pair) => /^[a-z]+=./i.test(pair));
      if (state !== 'handshake' || token === undefined || !isValid || end.join('|') !== '|')
        return [errors.authenticationFailed, 'Invalid OAUTHBEARER client first message', ''];
      const decision = await decide(
        token,
        Object.fromEntries(extensions.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
      );
      if (decision === 'throttled') return [errors.throttled, 'The throttling quota has been exceeded.', ''];
      state = decision === 'accepted' ? 'authenticated' : 'refused';
      return [errors.none, null, decision === 'accepted' ? '' : invalidToken];
    }

    return async (frame) => {
      const [key, version] = [frame.readInt16BE(4), frame.readInt16BE(6)];
      const body = frame.subarray(14 + frame.readInt16BE(12));
      const answer = (...parts: readonly Buffer[]) => {
        const all = Buffer.concat([frame.subarray(8, 12), ...parts]);
        return Buffer.concat([int32(all.length), all]);
      };
      if (key === apiVersions && version <= 2 && state === 'connected') {
        const supported = [handshake, 1, 1, apiVersions, 0, 2, authenticate, 0, 0].map(int16);
        const throttleTime = version === 0 ? [] : [int32(0)];
        return answer(int16(errors.none), int32(supported.length / 3), ...supported, ...throttleTime);
      }
      if (key === handshake && version === 1 && state === 'connected') {
        const isSupported = body.toString('utf8', 2) === 'OAUTHBEARER';
        if (isSupported) state = 'handshake';
        const code = isSupported ? errors.none : errors.unsupportedMechanism;
        return answer(int16(code), int32(1), int16(11), Buffer.from('OAUTHBEARER'));
      }
      if (key !== authenticate || version !== 0 || body.readInt32BE() !== body.length - 4) return undefined;
      const [code, message, said] = await login(body.toString('utf8', 4));
      return answer(
        int16(code),
        message === null ? int16(-1) : Buffer.concat([int16(message.length), Buffer.from(message)]),
        int32(said.length),
        Buffer.from(said),
      );
    };
  },
};

const int16 = (value: number): Buffer => Buffer.from([(value >> 8) & 255, value & 255]);
const int32 = (value: number): Buffer => Buffer.concat([int16(value >> 16), int16(value)]);
