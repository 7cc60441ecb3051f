/** Twenty rotations under load, observed by verifiers with four kinds of caches. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { call } from '../../src/sandbox/demo/http.ts';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import { verifiers } from './jwks-caches.ts';
import { adminToken, type ServerProcess } from './process.ts';
import { newFolder, redisStore, server, steadyPort } from './stage.ts';

const rotations = 20;
const leadMs = 3_000;
/** More would keep two cores busy, and the replicas would then read the ring too late to sign. */
const perSecond = 50;
const asAdmin = { authorization: `Bearer ${adminToken}` };

/** One second of max-age follows from the lead. An old JWKS may be served for two seconds and kept for one. */
const keys = { algorithms: ['ES256'], publish_lead: `${leadMs}ms`, stale_after: '2s' };

describe('two replicas that rotate 20 times under load', () => {
  test('answer every request, and every token verifies at once in every kind of cache', async () => {
    const { config, env } = await redisStore();
    const whole = { ...config, keys: { ...config.keys, ...keys } };
    const port = await steadyPort();
    const replicas = [
      await server({ folder: await newFolder(), port, config: whole, env }),
      await server({
        folder: await newFolder(),
        port: await steadyPort(),
        issuerPort: port,
        config: whole,
        env,
      }),
    ] as const;
    const [{ issuer }] = replicas;
    const { client, connection } = await oneConnection(replicas[0]);
    const form = withSecret(client, connection);
    const judges = verifiers(
      replicas.map(({ origin }) => origin),
      issuer,
      leadMs,
    );

    const failures: string[] = [];
    const perKid = new Map<string, string>();
    let verified = 0;
    const useOne = async (at: number) => {
      const { status, body } = await askToken(replicas[at % 2]!.origin, form).catch((error: unknown) => ({
        status: 0,
        body: { error: String(error) },
      }));
      if (status !== 200) return failures.push(`${status} ${JSON.stringify(body)}`);
      const token = String((body as { access_token: string }).access_token);
      perKid.set(decodeProtectedHeader(token).kid ?? '', token);
      await Promise.all(
        judges.map(({ name, verify }) =>
          verify(token).then(
            () => verified++,
            (error: unknown) => failures.push(`${name}: ${String(error)}`),
          ),
        ),
      );
    };
    const load = underLoad(useOne);
    for (let round = 0; round < rotations; round++) await rotate(replicas[round % 2]!);
    const issued = await load.end();

    expect(failures).toEqual([]);
    expect(verified).toBe(issued * judges.length);
    expect(perKid.size).toBeGreaterThanOrEqual(rotations);
    // The tokens of all former keys are good until their own end, and so is the JWKS of both for them.
    for (const token of perKid.values()) for (const { verify } of judges) await verify(token);
    for (const { name, fetches } of judges) expect([name, fetches() > rotations / 2]).toEqual([name, true]);
    process.stdout.write(`rotation: ${issued} tokens by ${perKid.size} keys\n`);
  }, 300_000);
});

/** By an administrator, as soon as the next key has been published for long enough. */
async function rotate({ adminOrigin }: ServerProcess): Promise<void> {
  const order = { method: 'POST', url: `${adminOrigin}/admin/v1/keys/rotate`, headers: asAdmin, body: {} };
  for (;;) {
    const { status, body } = await call(order);
    if (status === 200) return;
    expect(JSON.parse(body)).toMatchObject({ status: 409, code: 'key_not_ready' });
    await sleep(50);
  }
}

/** Begins `perSecond` pieces of work in a second, however long each takes; not more than a second's at a time. */
function underLoad(work: (at: number) => Promise<unknown>): { end(): Promise<number> } {
  const underWay = new Set<Promise<unknown>>();
  let begun = 0;
  let ended = false;
  const loop = (async () => {
    while (!ended) {
      for (let i = 0; i < perSecond / 20 && underWay.size < perSecond; i++) {
        const one = work(begun++).finally(() => underWay.delete(one));
        underWay.add(one);
      }
      await sleep(50);
    }
    await Promise.all(underWay);
  })();
  return {
    async end() {
      ended = true;
      await loop;
      return begun;
    },
  };
}
