/**
 * A whole server with a key service: it issues tokens while the service works, and keeps serving its JWKS while it does
 * not.
 */
import { expect, test } from '@jest/globals';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { askToken, oneConnection, testServer, withSecret } from '../../support/server.ts';

export interface ServerBench {
  /** The section `keys` of the configuration. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** Makes the backend unable to sign; `reason` is the expected text for the operator. */
  interrupt(): Promise<void>;
  readonly reason: RegExp;
  /** Whether a server starts meanwhile: yes while a service is down, no if the service refuses. */
  readonly starts: boolean;
  readonly secrets: readonly string[];
  end(): Promise<void>;
}

export function serverSuite(name: string, open: () => Promise<ServerBench>): void {
  test(`a server with the backend ${name} issues tokens, and keeps serving its JWKS while the backend fails`, async () => {
    const bench = await open();
    const server = await testServer({ config: { keys: bench.keys } });
    try {
      const { connection, client } = await oneConnection(server);
      const jwks = async () => (await fetch(`${server.issuer}/jwks`)).text();
      const published = await jwks();
      for (const algorithm of ['ES256', 'RS256']) {
        await server.admin.patch(`/connections/${connection.id}`, { algorithm });
        const { body } = await askToken(server.issuer, withSecret(client, connection));
        const keySet = createLocalJWKSet(JSON.parse(published) as JSONWebKeySet);
        const { payload, protectedHeader } = await jwtVerify(String(body.access_token), keySet);
        expect(protectedHeader.alg).toBe(algorithm);
        expect(payload).toMatchObject({ sub: connection.subject, aud: connection.audience });
      }

      await bench.interrupt();
      for (let count = 0; count < 10; count++) {
        const body = new URLSearchParams(withSecret(client, connection));
        const answer = await fetch(`${server.issuer}/token`, { method: 'POST', body });
        const { error, error_description } = (await answer.json()) as Record<string, string>;
        const { status, headers } = answer;
        expect({ status, error, wait: headers.get('retry-after') }).toEqual({
          status: 503,
          error: 'temporarily_unavailable',
          wait: expect.stringMatching(/^[1-5]$/),
        });
        expect(error_description).not.toMatch(bench.reason);
      }
      expect(await jwks()).toBe(published);
      const ready = await fetch(`${server.adminOrigin}/readyz`);
      const { checks } = (await ready.json()) as { checks: unknown[] };
      expect({ status: ready.status, checks }).toEqual({
        status: 503,
        checks: expect.arrayContaining([
          { name: 'key_backend', ok: false, detail: expect.stringMatching(bench.reason) },
        ]),
      });
      expect((await fetch(`${server.issuer}/readyz/documents`)).status).toBe(200);
      for (const secret of bench.secrets) expect(server.logged()).not.toContain(secret);

      await server.stop();
      const { folder, issuer } = server;
      const again = testServer({ folder, port: Number(new URL(issuer).port), config: { keys: bench.keys } });
      if (bench.starts) {
        const restarted = await again;
        expect(await jwks()).toBe(published);
        await restarted.stop();
      } else {
        await expect(again).rejects.toMatchObject({
          code: 'key_material_unusable',
          message: expect.stringMatching(bench.reason),
        });
      }
    } finally {
      await server.close();
      await bench.end();
    }
  }, 60_000);
}
