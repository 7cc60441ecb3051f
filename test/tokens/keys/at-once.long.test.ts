/** Two processes rotate at the same moment, a thousand times; the loser of each race adopts the winner's ring. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore } from '../../../src/platform/store/index.ts';
import type { PublicJwk, Ring } from '../../../src/tokens/keys/index.ts';
import { startPostgres } from '../../support/postgres.ts';
import { startRedis } from '../../support/redis.ts';
import { day, noon, second } from './records.ts';
import { startReplica, type View, verifies } from './replica-process.ts';

/** A retired key is removed a dozen rotations later, so that nearly every round has a key to remove. */
const timing = {
  rotateEvery: 365 * day,
  publishLead: 0,
  retain: 0,
  longestTokenLife: second,
  staleAfter: second,
};

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-at-once-'));
  endings.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const stores = {
  SQLite: async () => `sqlite:${join(await newFolder(), 'sojourn.db')}`,
  async Redis() {
    const redis = await startRedis();
    endings.push(() => redis.stop());
    return redis.url;
  },
  async PostgreSQL() {
    const postgres = await startPostgres();
    endings.push(() => postgres.stop());
    return postgres.url;
  },
};

describe.each([
  ['SQLite', 1_000],
  ['Redis', 200],
  ['PostgreSQL', 200],
] as const)('two processes on one %s', (name, rotations) => {
  test(`rotate ${rotations} times concurrently and always share one ring with one active key that both publish`, async () => {
    const url = await stores[name]();
    const folder = await newFolder();
    const replicas = ['a', 'b'].map((own) => {
      const replica = startReplica({ url, folder: join(folder, own), timing, now: noon });
      endings.push(() => replica.end());
      return replica;
    });
    const [a, b] = replicas as [(typeof replicas)[0], (typeof replicas)[0]];
    // Both may create the first key at once; the loser then has to learn of it.
    await Promise.all(replicas.map(({ started }) => started));
    const seen = await readUntilEnded(url, async () => {
      for (let round = 1; round <= rotations; round++) {
        const order = { now: noon + round * second, act: 'rotate' } as const;
        const views = await Promise.all([a.order(order), b.order(order)]);
        expectAtOne(views as [View, View]);
      }
    });

    const rings = replicas
      .flatMap(({ swapped }) => swapped as Ring[])
      .toSorted((x, y) => x.revision - y.revision);
    expect(rings.map(({ revision }) => revision)).toEqual(rings.map((_ring, at) => at + 1));
    expect(new Set(rings.map(({ id }) => id)).size).toBe(1);
    const known = new Map<string, PublicJwk>();
    for (const ring of [...rings.slice(1), ...seen]) expectWhole(ring, known);
    const activated = new Set(rings.map(activeIn));
    expect(activated.size).toBeGreaterThan(rotations);
    // Both have won some of the races.
    for (const { swapped } of replicas) expect(swapped.length).toBeGreaterThan(rotations / 10);
  }, 900_000);
});

/** A signature of each verifies with the JWKS that the other one publishes. */
function expectAtOne([a, b]: readonly [View, View]): void {
  for (const [signer, publisher] of [
    [a, b],
    [b, a],
  ] as const) {
    expect([undefined, 'key_not_ready']).toContain(signer.refused);
    expect(signer.keys.filter(({ state }) => state === 'active')).toHaveLength(1);
    expect(verifies(signer, signer.jwks)).toBe(true);
    expect(verifies(signer, publisher.jwks)).toBe(true);
  }
}

function expectWhole({ keys }: Ring, known: Map<string, PublicJwk>): void {
  const states = keys.map(({ state }) => state);
  expect(states.filter((state) => state === 'active')).toHaveLength(1);
  expect(states.filter((state) => state === 'next').length).toBeLessThanOrEqual(1);
  for (const { kid, jwk } of keys) {
    if (!known.has(kid)) known.set(kid, jwk);
    expect(jwk).toEqual(known.get(kid));
  }
}

const activeIn = ({ keys }: Ring) => keys.find(({ state }) => state === 'active')?.kid;

/** Every ring that a third reader sees in the store during the rotations. */
async function readUntilEnded(url: string, work: () => Promise<void>): Promise<readonly Ring[]> {
  const store = await openStore(url, { logger: createLogger({ level: 'silent' }), now: () => noon });
  endings.push(() => store.close());
  const rings = new Map<number, Ring>();
  let ended = false;
  const reading = (async () => {
    let last = 0;
    while (!ended) {
      const ring = (await store.get<Ring>('ring', 'shared'))?.value;
      if (ring) {
        expect(ring.revision).toBeGreaterThanOrEqual(last);
        last = ring.revision;
        rings.set(last, ring);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await work().finally(() => {
    ended = true;
  });
  await reading;
  return [...rings.values()];
}
