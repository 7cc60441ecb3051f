/**
 * Access tokens of the sandbox's Entra: like real ones, they look like a JWT and are opaque to clients. Their last
 * part is a MAC with a key of this process, so the sandbox stores no tokens.
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
  /** Undefined for a token that this sandbox did not issue. Does not check the expiry. */
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
      const actual = Buffer.from(token.slice(end + 1), 'base64url');
      if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return undefined;
      return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as AccessToken;
    },
  };
}
