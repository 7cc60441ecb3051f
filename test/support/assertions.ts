/** Client assertions as a client makes them (RFC 7523), and as an attacker does. */
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface AssertionKey {
  readonly jwk: Record<string, unknown>;
  /** A signed assertion; `claims` override or, when undefined, take away. */
  sign(
    clientId: string,
    audience: string,
    claims?: Record<string, unknown>,
    header?: Record<string, unknown>,
  ): Promise<string>;
}

export async function assertionKey(): Promise<AssertionKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  return {
    jwk: { ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' },
    sign(clientId, audience, claims = {}, header = {}) {
      const { crit = [] } = header as { crit?: string[] };
      const now = Math.floor(Date.now() / 1000);
      return (
        new SignJWT({
          iss: clientId,
          sub: clientId,
          aud: audience,
          jti: randomUUID(),
          iat: now,
          exp: now + 60,
          ...claims,
        })
          .setProtectedHeader({ alg: 'ES256', ...header })
          // A signer that knows every header that it was told to call critical.
          .sign(privateKey, { crit: Object.fromEntries(crit.map((name) => [name, true])) })
      );
    },
  };
}

export const withAssertion = (assertion: string) => ({
  grant_type: 'client_credentials',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
});
