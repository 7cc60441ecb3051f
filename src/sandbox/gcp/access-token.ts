/**
 * The access tokens of the sandbox's Google: opaque, and closed by a MAC under a key that only this process holds.
 * What a federated token says is fixed at the exchange: disabling the provider later does not take it back.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface FederatedToken {
  readonly kind: 'federated';
  /** `projects/NUMBER/locations/global/workloadIdentityPools/ID` */
  readonly pool: string;
  readonly subject: string;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ServiceAccountToken {
  readonly kind: 'service_account';
  readonly email: string;
}

export type AccessToken = (FederatedToken | ServiceAccountToken) & {
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
};

export interface AccessTokens {
  issue(token: AccessToken): string;
  /** Undefined for what was not issued here, expired or not. */
  open(token: string): AccessToken | undefined;
}

export function createAccessTokens(): AccessTokens {
  const key = randomBytes(32);
  const mac = (text: string) => createHmac('sha256', key).update(text).digest();
  return {
    issue(token) {
      const prefix = token.kind === 'federated' ? 'ya29.d' : 'ya29.c';
      const text = `${prefix}.${Buffer.from(JSON.stringify(token)).toString('base64url')}`;
      return `${text}.${mac(text).toString('base64url')}`;
    },
    open(token) {
      const end = token.lastIndexOf('.');
      const expected = mac(token.slice(0, end));
      const given = Buffer.from(token.slice(end + 1), 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      return JSON.parse(Buffer.from(token.split('.')[2] ?? '', 'base64url').toString()) as AccessToken;
    },
  };
}
