/** Rotations under failures: a network partition, a leaked key, a public URL with an old JWKS. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { call } from '../../src/sandbox/demo/http.ts';
import { blackHoleBefore } from '../platform/store/black-hole.ts';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import type { ServerProcess } from './process.ts';
import { later, newFolder, redisStore, server, steadyPort } from './stage.ts';

interface Keys {
  readonly items: readonly { readonly kid: string; readonly state: string }[];
}
interface Readiness {
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

const stateOf = async ({ admin }: ServerProcess, state: string) =>
  (await admin.get<Keys>('/keys')).items.find((key) => key.state === state)?.kid;

async function readinessOf({ adminOrigin }: ServerProcess) {
  const { status, body } = await call({ url: `${adminOrigin}/readyz` });
  const { checks } = JSON.parse(body) as Readiness;
  return { status, detail: (name: string) => checks.find((check) => check.name === name)?.detail };
}

const published = async (origin: string) => {
  const { status, body } = await call({ url: `${origin}/jwks` });
  expect(status).toBe(200);
  return (JSON.parse(body) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
};

/** Asks again until the answer is yes; the test's own time limit ends it. */
async function until(yes: () => Promise<boolean>): Promise<void> {
  while (!(await yes())) await sleep(50);
}

/** Two replicas with one issuer; the other one sees its store through `port`. */
async function pair(keys: object, storePort?: (port: number) => Promise<number>) {
  const { config, env } = await redisStore();
  const port = await steadyPort();
  const common = { algorithms: ['ES256'], publish_lead: '1s', ...config.keys, ...keys };
  const one = await server({ folder: await newFolder(), port, config: { ...config, keys: common }, env });
  const store = new URL(config.store);
  if (storePort) store.port = String(await storePort(Number(store.port)));
  const other = await server({
    folder: await newFolder(),
    port: await steadyPort(),
    issuerPort: port,
    config: { store: store.href, keys: common },
    env,
  });
  return { one, other };
}

describe('a replica that is partitioned from the store', () => {
  test('stops signing and says why, keeps serving its documents, and recovers without a restart', async () => {
    let hole: Awaited<ReturnType<typeof blackHoleBefore>> | undefined;
    const { one, other } = await pair({ stale_after: '3s' }, async (port) => {
      hole = await blackHoleBefore(port);
      later(() => hole!.close());
      return hole.port;
    });
    const { client, connection } = await oneConnection(one);
    const form = withSecret(client, connection);
    expect((await askToken(other.origin, form)).status).toBe(200);
    const documents = ['/jwks', '/.well-known/openid-configuration'];
    const serve = async () => {
      for (const path of documents) expect((await call({ url: other.origin + path })).status).toBe(200);
    };

    hole!.swallow(true);
    await until(async () => {
      await serve();
      return /^not signing: no contact with the store for \d+ s$/.test(
        (await readinessOf(other)).detail('keys') ?? '',
      );
    });
    expect((await readinessOf(other)).status).toBe(503);
    const { status, body } = await askToken(other.origin, form);
    expect({ status, error: body.error }).toEqual({ status: 503, error: 'temporarily_unavailable' });

    const before = await stateOf(one, 'active');
    await one.admin.post('/keys/rotate');
    const after = await stateOf(one, 'active');
    expect(after).not.toBe(before);
    expect((await askToken(one.origin, form)).status).toBe(200);
    await serve();
    expect((await readinessOf(other)).status).toBe(503);

    hole!.swallow(false);
    const back = performance.now();
    await until(async () => (await readinessOf(other)).status === 200);
    process.stdout.write(`ready again after ${Math.round(performance.now() - back)} ms\n`);
    expect(await published(other.origin)).toEqual(await published(one.origin));
    const again = await askToken(other.origin, form);
    expect(again.status).toBe(200);
    expect(decodeProtectedHeader(String(again.body.access_token)).kid).toBe(after);
  }, 120_000);
});

describe('a key that is revoked through one replica', () => {
  test('leaves the JWKS of both replicas, and both sign with the next key', async () => {
    const { one, other } = await pair({});
    const { client, connection } = await oneConnection(one);
    const [leaked, next] = [await stateOf(one, 'active'), await stateOf(one, 'next')];
    await one.admin.post(`/keys/${leaked}/revoke`);
    expect(await published(one.origin)).not.toContain(leaked);
    const told = performance.now();
    await until(async () => !(await published(other.origin)).includes(leaked!));
    process.stdout.write(`revoked on the other one after ${Math.round(performance.now() - told)} ms\n`);
    for (const { origin } of [one, other]) {
      const { status, body } = await askToken(origin, withSecret(client, connection));
      expect(status).toBe(200);
      expect(decodeProtectedHeader(String(body.access_token)).kid).toBe(next);
    }
    expect(await published(other.origin)).toEqual(await published(one.origin));
  }, 60_000);
});

/** What stands between the issuer's public address and the server, and may go on serving the JWKS that it has. */
async function cacheBefore(port: number, origin: () => string) {
  let kept: string | undefined;
  const answer = async ({ url = '/' }: IncomingMessage, response: ServerResponse) => {
    const fresh = await call({ url: origin() + url });
    const body = url === '/jwks' && kept !== undefined ? kept : fresh.body;
    response.writeHead(fresh.status, { 'content-type': 'application/json' }).end(body);
  };
  const proxy = createServer((request, response) => void answer(request, response)).listen(port, '127.0.0.1');
  await once(proxy, 'listening');
  later(async () => proxy.close());
  return {
    async keep(on: boolean) {
      kept = on ? (await call({ url: `${origin()}/jwks` })).body : undefined;
    },
  };
}

describe('a rotation while the public URL serves an old JWKS', () => {
  test('is postponed and reported, fails no request, and continues once the URL serves the current JWKS', async () => {
    const [port, issuerPort] = [await steadyPort(), await steadyPort()];
    const cache = await cacheBefore(issuerPort, () => `http://127.0.0.1:${port}`);
    const keys = { algorithms: ['ES256'], publish_lead: '2s', rotate_every: '3s' };
    const replica = await server({ folder: await newFolder(), port, issuerPort, config: { keys } });
    const { client, connection } = await oneConnection(replica);
    const jwks = createRemoteJWKSet(new URL(`${replica.issuer}/jwks`), { cooldownDuration: 0 });
    const useOne = async () => {
      const { status, body } = await askToken(replica.origin, withSecret(client, connection));
      expect(status).toBe(200);
      return (await jwtVerify(String(body.access_token), jwks)).protectedHeader.kid;
    };

    await cache.keep(true);
    await until(async () => {
      await useOne();
      return (await readinessOf(replica)).detail('key_rotation') !== undefined;
    });
    const [active, next] = [await useOne(), await stateOf(replica, 'next')];
    const fault = `${replica.issuer}/jwks does not list it`;
    const { status, detail } = await readinessOf(replica);
    expect(status).toBe(200);
    expect(detail('key_rotation')).toMatch(new RegExp(`^ES256 ${next} postponed since \\S+Z: ${fault}$`));
    const metrics = await call({
      url: `${replica.adminOrigin}/metrics`,
      headers: { authorization: 'Bearer admin-token-of-the-end-to-end-tests' },
    });
    expect(metrics.body).toContain('\nsojourn_keys_postponed 1\n');
    const { items } = await replica.admin.get<{ items: object[] }>('/audit?event=key.postponed&limit=10');
    expect(items).toEqual([
      expect.objectContaining({ event: 'key.postponed', outcome: 'refused', kid: next, reason: fault }),
    ]);
    for (let i = 0; i < 20; i++) {
      expect(await useOne()).toBe(active);
      await sleep(100);
    }

    await cache.keep(false);
    await until(async () => (await useOne()) === next);
    expect((await readinessOf(replica)).detail('key_rotation')).toBeUndefined();
  }, 120_000);
});
