import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SojournError } from '../../../src/platform/errors/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import type { Keyring, Ring } from '../../../src/tokens/keys/index.ts';
import { type KeysBench, keysBench, kidsOf, statesOf } from './bench.ts';
import { day, second } from './records.ts';

let bench: KeysBench;
beforeEach(async () => {
  bench = await keysBench();
});
afterEach(() => bench.end());

const inStore = async (store = bench.store) => (await store.get<Ring>('ring', 'shared'))?.value;

/** Replicas with separate folders and store handles. */
async function replicas(count: number): Promise<Keyring[]> {
  const opened: Keyring[] = [];
  for (let i = 0; i < count; i++) {
    opened.push(await bench.replica({ folder: `replica-${i}`, store: await bench.openStore() }));
  }
  return opened;
}

describe('replicas on one store', () => {
  test('share their keys, and each has its own local file', async () => {
    const [a, b] = (await replicas(2)) as [Keyring, Keyring];
    expect(b.list()).toEqual(a.list());
    expect(await bench.copy('replica-1')).toEqual(await bench.copy('replica-0'));
    // Byte for byte, because both serve it with the same ETag.
    expect(JSON.stringify(b.publicKeys())).toBe(JSON.stringify(a.publicKeys()));
    await expect(b.sign(a.active('ES256').kid, Buffer.from('x'))).resolves.toHaveLength(64);
  });

  test('adopt the changes of another replica and notify their listeners once', async () => {
    const [a, b] = (await replicas(2)) as [Keyring, Keyring];
    let notifications = 0;
    b.onChange(() => notifications++);
    await b.refresh();
    expect(notifications).toBe(0);
    bench.clock.ms += day;
    await a.rotate();
    await b.refresh();
    expect(notifications).toBe(1);
    expect(b.list()).toEqual(a.list());
    expect(JSON.parse(await bench.copy('replica-1'))).toEqual(await inStore());
  });

  test('create one ring when 20 of them start at once on an empty store', async () => {
    const stores = await Promise.all(Array.from({ length: 20 }, () => bench.openStore()));
    const all = await Promise.all(stores.map((store, i) => bench.replica({ store, folder: `replica-${i}` })));
    await Promise.all(all.map((keyring) => keyring.refresh()));
    for (const keyring of all) expect(keyring.list()).toEqual(all[0]!.list());
    expect(statesOf(all[0]!)).toEqual(['ES256 active', 'ES256 next']);
    expect(bench.changes.map(({ event }) => event)).toEqual(['key.created', 'key.created']);
    for (let i = 0; i < 20; i++)
      expect(JSON.parse(await bench.copy(`replica-${i}`))).toEqual(await inStore());
  });

  test('make one rotation of 20 concurrent requests', async () => {
    const all = await replicas(5);
    const [first, second] = kidsOf(all[0]!) as [string, string];
    const { revision } = (await inStore())!;
    bench.clock.ms += day;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => all[i % all.length]!.rotate()),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'key_not_ready' });
    expect(refused.length).toBeLessThan(20);
    await Promise.all(all.map((keyring) => keyring.refresh()));
    for (const keyring of all) expect(keyring.list()).toEqual(all[0]!.list());
    expect(statesOf(all[0]!)).toEqual(['ES256 retired', 'ES256 active', 'ES256 next']);
    expect(kidsOf(all[0]!).slice(0, 2)).toEqual([first, second]);
    // One activation and one new key in total.
    expect((await inStore())!.revision).toBe(revision + 2);
    expect(bench.changes.slice(2).map(({ event }) => event)).toEqual(['key.activated', 'key.created']);
  });

  test('have one active key after 20 concurrent steps on the day of the rotation, with revocations in between', async () => {
    const all = await replicas(4);
    bench.clock.ms += 31 * day;
    const first = kidsOf(all[0]!)[0]!;
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const keyring = all[i % all.length]!;
        return i % 5 === 4 ? keyring.revoke(first) : keyring.advance();
      }),
    );
    await Promise.all(all.map((keyring) => keyring.refresh()));
    for (const keyring of all) expect(keyring.list()).toEqual(all[0]!.list());
    const states = statesOf(all[0]!);
    expect(states.filter((state) => state === 'ES256 active')).toHaveLength(1);
    expect(states.filter((state) => state === 'ES256 next')).toHaveLength(1);
    expect(all[0]!.publicKeys().map(({ kid }) => kid)).not.toContain(first);
  });
});

describe('a ring that is lost in the store or the local file', () => {
  test('is restored from the local file by a start on an emptied store', async () => {
    const before = await bench.replica();
    const emptied = await bench.openStore('emptied');
    const after = await bench.replica({ store: emptied });
    expect(after.list()).toEqual(before.list());
    expect(await inStore(emptied)).toEqual(await inStore());
    expect(bench.changes).toHaveLength(2);
    expect(bench.logged()).toContain(
      'the store has lost the key ring or its last changes; restoring it from this replica',
    );
  });

  test('is written again from the store by a start without the local file', async () => {
    const before = await bench.replica();
    const copy = await bench.copy();
    await rm(bench.folder('keys'), { recursive: true });
    expect((await bench.replica()).list()).toEqual(before.list());
    expect(JSON.parse(await bench.copy())).toEqual(JSON.parse(copy));
  });

  test('is restored to the store by a running replica', async () => {
    const keyring = await bench.replica();
    const ring = await inStore();
    await bench.store.remove('ring', 'shared', (await bench.store.get('ring', 'shared'))!.version);
    await keyring.refresh();
    expect(await inStore()).toEqual(ring);
  });

  test('is not restored to a store that lost its audit lines too', async () => {
    const keyring = await bench.replica();
    await bench.store.append({ at: bench.now(), value: {} });
    const database = new DatabaseSync(join(bench.root, 'sojourn.db'));
    database.exec("DELETE FROM documents WHERE record_type = 'ring'; DELETE FROM journal");
    database.close();
    await keyring.refresh();
    expect(await bench.store.get('ring', 'shared')).toBeUndefined();
  });

  test('is restored from a local file newer than the store, as after restoring an old backup', async () => {
    const keyring = await bench.replica();
    const old = (await inStore())!;
    bench.clock.ms += day;
    await keyring.rotate();
    const newest = (await inStore())!;
    const restored = await bench.openStore('restored');
    await restored.insert('ring', 'shared', old);
    const after = await bench.replica({ store: restored });
    expect(await inStore(restored)).toEqual(newest);
    expect(after.list()).toEqual(keyring.list());
  });

  test('is taken from the store if both have the same revision, and listeners are notified', async () => {
    const keyring = await bench.replica();
    const stored = (await bench.store.get<Ring>('ring', 'shared'))!;
    const [active, next] = stored.value.keys as [Ring['keys'][0], Ring['keys'][0]];
    let notifications = 0;
    keyring.onChange(() => notifications++);
    await bench.store.replace('ring', 'shared', stored.version, {
      ...stored.value,
      keys: [active, { ...next, published_at: next.published_at + 1 }],
    });
    await keyring.refresh();
    expect(notifications).toBe(1);
    expect(keyring.list()[1]!.published_at).toBe(next.published_at + 1);
  });
});

describe('another ring', () => {
  const refusal = () => ({
    code: 'key_material_unusable',
    message: `The store and ${join(bench.folder('keys'), 'ring.json')} have different key rings. Both are unchanged.`,
  });

  test('in the store is refused at the start, even if it is newer, and both rings stay unchanged', async () => {
    const ours = await bench.replica();
    const foreign = await bench.openStore('foreign');
    const theirs = await bench.replica({ folder: 'theirs', store: foreign });
    const check = async () => {
      const before = [await bench.copy(), await inStore(), await inStore(foreign)];
      await expect(bench.replica({ store: foreign })).rejects.toMatchObject(refusal());
      expect([await bench.copy(), await inStore(), await inStore(foreign)]).toEqual(before);
    };
    bench.clock.ms += day;
    await ours.rotate();
    await check();
    await theirs.rotate();
    await theirs.revoke(kidsOf(theirs)[0]!);
    await check();
  });

  test('that appears in the store of a running replica is not adopted, and the current one keeps signing', async () => {
    const keyring = await bench.replica();
    const foreign = await bench.openStore('foreign');
    await bench.replica({ folder: 'theirs', store: foreign });
    const before = keyring.list();
    const { version } = (await bench.store.get('ring', 'shared'))!;
    await bench.store.replace('ring', 'shared', version, await inStore(foreign));
    for (const act of [() => keyring.refresh(), () => keyring.revoke(kidsOf(keyring)[0]!)]) {
      await expect(act()).rejects.toMatchObject(refusal());
    }
    expect(keyring.list()).toEqual(before);
    expect(await inStore()).toEqual(await inStore(foreign));
    await expect(keyring.sign(keyring.active('ES256').kid, Buffer.from('x'))).resolves.toHaveLength(64);
  });

  test('that stays in the store stops signing, as an unreachable store does, while the JWKS stays available', async () => {
    const keyring = await bench.replica();
    const [{ kid }, jwks] = [keyring.active('ES256'), keyring.publicKeys()];
    const { version, value } = (await bench.store.get<Ring>('ring', 'shared'))!;
    await bench.store.replace('ring', 'shared', version, { ...value, id: 'another' });
    bench.clock.ms += 301 * second;
    await expect(keyring.refresh()).rejects.toMatchObject(refusal());
    expect(keyring.confirmUnchanged(version + 1, bench.clock.ms)).toBe(false);
    await expect(keyring.sign(kid, Buffer.from('x'))).rejects.toMatchObject({
      code: 'keys_unavailable',
      message: 'The key ring was last read from the store 301 s ago, and the signing keys may have changed.',
    });
    expect(keyring.publicKeys()).toEqual(jwks);
  });
});

describe('a failure', () => {
  test('of the store leaves the ring and the local file unchanged, and signing continues', async () => {
    const store = await bench.openStore();
    const keyring = await bench.replica({ store });
    const [before, copy] = [keyring.list(), await bench.copy()];
    bench.clock.ms += 31 * day;
    await store.close();
    for (const act of [() => keyring.rotate(), () => keyring.advance(), () => keyring.refresh()]) {
      await expect(act()).rejects.toMatchObject({ code: 'store_unavailable' });
    }
    expect(keyring.list()).toEqual(before);
    expect(await bench.copy()).toBe(copy);
  });

  test('to read the store stops signing after the configured time, while the JWKS stays available', async () => {
    const store = await bench.openStore();
    const keyring = await bench.replica({ store, timing: { staleAfter: 60 * second } });
    const [{ kid }, jwks] = [keyring.active('ES256'), keyring.publicKeys()];
    bench.clock.ms += 10 * second;
    await keyring.refresh();
    await store.close();
    bench.clock.ms += 60 * second;
    await expect(keyring.refresh()).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(keyring.sign(kid, Buffer.from('x'))).resolves.toHaveLength(64);
    expect(keyring.staleness()).toEqual({ ms: 60_000, stale: false });
    bench.clock.ms += 1;
    await expect(keyring.sign(kid, Buffer.from('x'))).rejects.toMatchObject({
      code: 'keys_unavailable',
      message: 'The key ring was last read from the store 60 s ago, and the signing keys may have changed.',
    });
    expect(keyring.staleness()).toEqual({ ms: 60_001, stale: true });
    expect(keyring.publicKeys()).toEqual(jwks);
  });

  test('of a store write does not let the change return from the local file', async () => {
    const store = await bench.openStore();
    /** The store fails at the moment of the write. */
    const leaving = {
      ...store,
      replace: async (...write: Parameters<typeof store.replace>) => {
        await store.close();
        return store.replace(...write);
      },
    };
    await bench.replica();
    const keyring = await bench.replica({ store: leaving });
    bench.clock.ms += day;
    await expect(keyring.rotate()).rejects.toMatchObject({ code: 'store_unavailable' });
    const ring = await inStore();
    expect(JSON.parse(await bench.copy())).toEqual(ring);
    expect(statesOf(await bench.replica())).toEqual(['ES256 active', 'ES256 next']);
    expect(await inStore()).toEqual(ring);
  });

  test('of the store after a revocation was read but not adopted makes the replica read it again', async () => {
    const [other] = (await replicas(1)) as [Keyring];
    const store = await bench.openStore();
    const leaked = other.active('ES256').kid;
    let reads = -Infinity;
    /** Another replica revokes before the second read; the store fails for a moment at the third one. */
    const shaky = {
      ...store,
      get: async (...what: Parameters<typeof store.get>) => {
        reads++;
        if (reads === 2) await other.revoke(leaked);
        if (reads === 3) throw new SojournError('store_unavailable');
        return store.get(...what);
      },
    } as Store;
    const keyring = await bench.replica({ folder: 'shaky', store: shaky });
    reads = 0;
    await expect(keyring.revoke(leaked)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(reads).toBe(3);
    const { version } = (await bench.store.get('ring', 'shared'))!;
    expect(keyring.confirmUnchanged(version, bench.clock.ms)).toBe(false);
    await keyring.refresh();
    expect(keyring.list()).toEqual(other.list());
    expect(keyring.confirmUnchanged(version, bench.clock.ms)).toBe(true);
    await expect(keyring.sign(leaked, Buffer.from('x'))).rejects.toMatchObject({ code: 'keys_unavailable' });
  });

  test('to read the local file is reported, and does not stop the replica from reading changes of the others', async () => {
    const [a, b] = (await replicas(2)) as [Keyring, Keyring];
    await writeFile(join(bench.folder('replica-1'), 'ring.json'), 'rubbish');
    bench.clock.ms += day;
    await a.rotate();
    await expect(b.refresh()).rejects.toMatchObject({ code: 'key_material_unusable' });
    expect(b.list()).toEqual(a.list());
  });

  test('to write the local file stops a rotation before anything has changed', async () => {
    const keyring = await bench.replica();
    const [ring, changeCount] = [await inStore(), bench.changes.length];
    await rm(bench.folder('keys'), { recursive: true });
    await writeFile(bench.folder('keys'), 'a file where the folder was');
    bench.clock.ms += day;
    await expect(keyring.rotate()).rejects.toMatchObject({ code: 'key_material_unusable' });
    expect(await inStore()).toEqual(ring);
    expect(bench.changes).toHaveLength(changeCount);
    expect(statesOf(keyring)).toEqual(['ES256 active', 'ES256 next']);
  });
});
