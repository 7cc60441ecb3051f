/**
 * Access tokens of the sandbox's Google Cloud: opaque, with a MAC under a key of this process. The content of a
 * federated token is fixed at the exchange: disabling the provider later does not revoke it.
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
  /** Undefined for a token that this sandbox did not issue. Does not check the expiry. */
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
      const actual = Buffer.from(token.slice(end + 1), 'base64url');
      if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return undefined;
      return JSON.parse(Buffer.from(token.split('.')[2] ?? '', 'base64url').toString()) as AccessToken;
    },
  };
}
