/**
 * The access tokens of the sandbox's Entra: of the shape of a JWT, as real ones are, and just as opaque.
 * Their last part is a MAC under a key that only this process holds, so nothing has to be kept.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface AccessToken {
  readonly aud: string;
  readonly iss: string;
  /** NumericDate, as iat and nbf. */
  readonly exp: number;
  readonly iat: number;
  readonly nbf: number;
  readonly appid: string;
  readonly oid: string;
  readonly tid: string;
  readonly sub: string;
  readonly idtyp: 'app';
  readonly ver: '1.0';
}

export interface AccessTokens {
  issue(token: AccessToken): string;
  /** Undefined for what was not issued here, expired or not. */
  open(token: string): AccessToken | undefined;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function createAccessTokens(): AccessTokens {
  const key = randomBytes(32);
  const mac = (text: string) => createHmac('sha256', key).update(text).digest();
  return {
    issue(token) {
      const text = `${encode({ typ: 'JWT', alg: 'RS256', kid: 'sandbox' })}.${encode(token)}`;
      return `${text}.${mac(text).toString('base64url')}`;
    },
    open(token) {
      const end = token.lastIndexOf('.');
      const expected = mac(token.slice(0, end));
      const given = Buffer.from(token.slice(end + 1), 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as AccessToken;
    },
  };
}
