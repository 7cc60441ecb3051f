/** A change is in the local ring file a moment before it is in the store. These tests kill the replica in between. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from '../../../src/platform/store/index.ts';
import type { Keyring } from '../../../src/tokens/keys/index.ts';
import { type KeysBench, keysBench, kidsOf, statesOf } from './bench.ts';
import { day, hour, second } from './records.ts';

let bench: KeysBench;
beforeEach(async () => {
  bench = await keysBench();
});
afterEach(() => bench.end());

describe('a replica that died between writing its local file and the store', () => {
  /**
   * Leaves the folder `dead` as a process does that is killed just before the change with this number reaches the store.
   */
  async function dieOver(change: number, act: (keyring: Keyring) => Promise<unknown>): Promise<void> {
    let changes = 0;
    const reached = Promise.withResolvers<void>();
    const store: Store = {
      ...bench.store,
      async replace(...write) {
        if (++changes < change) return bench.store.replace(...write);
        reached.resolve();
        return new Promise<never>(() => undefined);
      },
    };
    void act(await bench.replica({ folder: 'dead', store }));
    await reached.promise;
  }

  test('retires a key later, because other replicas have kept signing with that key', async () => {
    const living = await bench.replica();
    const first = living.active('ES256').kid;
    bench.clock.ms += day;
    await dieOver(1, (dying) => dying.rotate());
    bench.clock.ms += 3 * day;
    await living.refresh();
    expect(living.active('ES256').kid).toBe(first);

    const back = await bench.replica({ folder: 'dead' });
    await living.refresh();
    expect(back.list()).toEqual(living.list());
    expect(statesOf(back)).toEqual(['ES256 retired', 'ES256 active', 'ES256 next']);
    bench.clock.ms += 26 * hour + 310 * second - 1;
    await back.advance();
    expect(back.publicKeys().map(({ kid }) => kid)).toContain(first);
    bench.clock.ms += 1;
    await back.advance();
    expect(back.publicKeys().map(({ kid }) => kid)).not.toContain(first);
  });

  test('starts the publish_lead of a key only when the key is really published', async () => {
    const [first, following] = kidsOf(await bench.replica()) as [string, string];
    // The first change is the revocation, the second one the new next key.
    await dieOver(2, (dying) => dying.revoke(following));
    bench.clock.ms += 40 * day;

    const back = await bench.replica({ folder: 'dead' });
    expect(statesOf(back)).toEqual(['ES256 active', 'ES256 revoked', 'ES256 next']);
    await expect(back.rotate()).rejects.toMatchObject({ code: 'key_not_ready' });
    bench.clock.ms += day - 1;
    await back.advance();
    expect(back.active('ES256').kid).toBe(first);
    bench.clock.ms += 1;
    await back.advance();
    expect(back.active('ES256').kid).toBe(kidsOf(back)[2]);
  });
});
