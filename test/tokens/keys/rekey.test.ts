import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../src/platform/log/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import { checkKeys } from '../../../src/tokens/keys/check-keys.ts';
import { fileBackend, type KeyRecord, type Ring, rekey } from '../../../src/tokens/keys/index.ts';
import { recordFrom } from './backend-suite.ts';
import { encryptionKey as former, type KeysBench, keysBench, kidsOf } from './bench.ts';

let bench: KeysBench;
beforeEach(async () => {
  bench = await keysBench();
});
afterEach(() => bench.end());

const current = new Uint8Array(32).fill(9);
const both = { encryptionKey: current, former };

const sealedIn = (ring: Ring): KeyRecord[] => ring.keys.filter(({ sealed }) => sealed !== null);
const stored = async () => (await bench.store.get<Ring>('ring', 'shared'))!.value;
const copied = async () => JSON.parse(await bench.copy()) as Ring;

/** Whether a backend with these key-encryption keys can decrypt every private key in the store and in the local file. */
async function expectOpening(...keys: [Uint8Array, Uint8Array?]): Promise<void> {
  for (const ring of [await stored(), await copied()]) {
    expect(sealedIn(ring).length).toBeGreaterThan(0);
    for (const key of sealedIn(ring)) await fileBackend(...keys).check(key);
  }
}

describe('a start with a new and a previous key-encryption key', () => {
  test('rewraps the ring in the store and in the local file with the new key, and records each private key', async () => {
    const kids = kidsOf(await bench.replica());
    bench.changes.length = 0;
    expect(kidsOf(await bench.replica(both))).toEqual(kids);
    await expectOpening(current);
    expect(await copied()).toEqual(await stored());
    expect(bench.changes).toEqual(kids.map((kid) => ({ event: 'key.rewrapped', kid, alg: 'ES256' })));
  });

  test('changes nothing if all keys are encrypted with the new one', async () => {
    await bench.replica();
    await bench.replica(both);
    const before = await stored();
    bench.changes.length = 0;
    await (await bench.replica(both)).refresh();
    expect(await stored()).toEqual(before);
    expect(bench.changes).toEqual([]);
  });

  test('does not stop another replica that has only the previous one from signing', async () => {
    const other = await bench.replica({ folder: 'other' });
    await bench.replica(both);
    await other.refresh();
    const { kid } = other.active('ES256');
    expect((await other.sign(kid, Buffer.from('x'))).length).toBe(64);
  });

  test('rewraps keys that a replica with the previous one creates later', async () => {
    const old = await bench.replica({ folder: 'other' });
    const keyring = await bench.replica(both);
    await old.revoke(old.active('ES256').kid);
    await keyring.refresh();
    await expectOpening(current);
    const { kid } = keyring.active('ES256');
    expect((await keyring.sign(kid, Buffer.from('x'))).length).toBe(64);
  });

  test('is refused if no key-encryption key decrypts a private key, and changes nothing', async () => {
    const [{ kid }] = (await bench.replica()).list() as [KeyRecord];
    const before = await stored();
    const stranger = new Uint8Array(32).fill(1);
    await expect(bench.replica({ encryptionKey: current, former: stranger })).rejects.toMatchObject({
      code: 'key_material_unusable',
      message: `The signing key ${kid} cannot be used: another key-encryption key than the configured one encrypts it.`,
    });
    expect(await stored()).toEqual(before);
    await expectOpening(former);
  });
});

describe('rekeying without a server', () => {
  const rekeyOn = (store: Store) =>
    rekey({
      store,
      folder: bench.folder('keys'),
      backend: fileBackend(current, former),
      logger: createLogger({ level: 'silent' }),
      now: () => bench.clock.ms,
      record: async () => undefined,
    });

  test('returns the number of rewrapped keys, and does nothing the second time', async () => {
    await bench.replica();
    expect(await rekeyOn(bench.store)).toEqual({ rings: 1, keys: 2, rewrapped: 2 });
    await expectOpening(current);
    expect(await rekeyOn(bench.store)).toEqual({ rings: 1, keys: 2, rewrapped: 0 });
  });

  test('rewraps the rings of tenants too', async () => {
    await bench.replica();
    const ring = await stored();
    await bench.store.insert('ring', 'ten_a', { ...ring, id: 'another', revision: 5 });
    expect(await rekeyOn(bench.store)).toEqual({ rings: 2, keys: 4, rewrapped: 4 });
    const theirs = (await bench.store.get<Ring>('ring', 'ten_a'))!.value;
    for (const key of sealedIn(theirs)) await fileBackend(current).check(key);
  });

  test('continues after a process was killed between the local file and the store', async () => {
    const kids = kidsOf(await bench.replica());
    const before = await stored();
    await rekeyOn(bench.store);
    const { version } = (await bench.store.get('ring', 'shared'))!;
    await bench.store.replace('ring', 'shared', version, { ...before, format: 1 });
    await expectOpening(current, former);
    expect(kidsOf(await bench.replica(both))).toEqual(kids);
    await expectOpening(current);
  });

  test.each([
    ['before the first write to the store', 1, false],
    ['after the first write to the store', 1, true],
    ['before the last write to the store', 2, false],
    ['after the last write to the store', 2, true],
  ])(
    'that ends %s leaves each key decryptable with one of the two, and can be repeated',
    async (_, at, done) => {
      const kids = kidsOf(await bench.replica());
      let writes = 0;
      // After the crash, this process writes nothing to the store or the disk.
      const crash = async (): Promise<never> => {
        throw new Error('crashed');
      };
      const dying: Store = {
        ...bench.store,
        async replace(...arguments_) {
          writes++;
          if (writes < at) return bench.store.replace(...arguments_);
          if (done) await bench.store.replace(...arguments_);
          return crash();
        },
      };
      await expect(rekeyOn(dying)).rejects.toThrow('crashed');
      expect(writes).toBe(at);
      await expectOpening(current, former);
      expect(kidsOf(await bench.replica(both))).toEqual(kids);
      await expectOpening(current);
    },
  );
});

test('a check of keys of which some are encrypted with another key names both groups', async () => {
  const [one, other] = [fileBackend(current), fileBackend(former)];
  const keys: KeyRecord[] = [];
  for (const backend of [one, other, other]) keys.push(recordFrom(await backend.createKey('ES256')));
  const [usable, first, second] = keys.map(({ kid }) => kid);
  await expect(checkKeys(keys, fileBackend(current))).rejects.toMatchObject({
    code: 'key_material_unusable',
    message: `The signing key ${first} cannot be used: another key-encryption key than the configured one encrypts it. The same holds for ${second}. Usable: ${usable}.`,
  });
  await expect(checkKeys(keys, fileBackend(current, former))).resolves.toBeUndefined();
});
