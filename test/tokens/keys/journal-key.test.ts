import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SojournError } from '../../../src/platform/errors/index.ts';
import {
  backupRings,
  checkRingFiles,
  fileBackend,
  JournalKey,
  type KeyBackend,
  type Ring,
  type RingChange,
  rekey,
  restoreRingFiles,
} from '../../../src/tokens/keys/index.ts';
import type { KeyService } from '../../../src/tokens/keys/service/contract.ts';
import { serviceBackend } from '../../../src/tokens/keys/service/index.ts';
import { encryptionKey, type KeysBench, keysBench } from './bench.ts';

let bench: KeysBench;
let changes: RingChange[];
beforeEach(async () => {
  bench = await keysBench();
  changes = [];
});
afterEach(() => bench.end());

const next = new Uint8Array(32).fill(9);

const open = ({
  folder = 'keys',
  backend = fileBackend(encryptionKey),
  mayCreate = true,
}: {
  folder?: string;
  backend?: KeyBackend;
  mayCreate?: boolean;
} = {}) =>
  new JournalKey({
    ...{ store: bench.store, logger: bench.logger, now: bench.now },
    folder: bench.folder(folder),
    backend,
    mayCreate: async () => mayCreate,
    record: async (change) => void changes.push(change),
  });

async function ready(options?: Parameters<typeof open>[0]): Promise<JournalKey> {
  const key = open(options);
  await key.refresh();
  return key;
}

const stored = () => bench.store.get<Ring>('setting', 'journal_key');
const file = (folder = 'keys') => join(bench.folder(folder), 'journal.json');
const local = async (folder?: string) => JSON.parse(await readFile(file(folder), 'utf8')) as Ring;

async function removeStored(): Promise<void> {
  await bench.store.remove('setting', 'journal_key', (await stored())!.version);
}

async function expectSigning(key: JournalKey): Promise<void> {
  const data = Buffer.from('a checkpoint');
  const { jwk, signature } = await key.sign(data);
  expect(jwk).toEqual(key.jwk);
  const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
}

describe('the journal key', () => {
  test('is created once, recorded, and the same in the store and in the local file', async () => {
    const key = open();
    expect(key.jwk).toBeUndefined();
    await expectSigning(key);
    await key.refresh();
    expect(changes).toEqual([{ event: 'key.created', kid: key.jwk?.kid, alg: 'ES256' }]);
    expect((await stored())!.value).toEqual(await local());
    expect((await local()).keys).toEqual([
      {
        ...{ kid: key.jwk?.kid, alg: 'ES256', state: 'active', jwk: key.jwk },
        sealed: expect.stringMatching(/^eyJ/),
        ...{ published_at: bench.clock.ms, activate_at: null, activated_at: bench.clock.ms },
        ...{ retired_at: null, revoked_at: null },
      },
    ]);
    expect(JSON.stringify(await stored())).not.toContain('"d"');
  });

  test('is one for replicas that start at once, and in the folder of each', async () => {
    const folders = ['a', 'b', 'c', 'd'];
    const keys = await Promise.all(folders.map((folder) => ready({ folder })));
    expect(new Set(keys.map(({ jwk }) => jwk!.kid)).size).toBe(1);
    for (const key of keys) await expectSigning(key);
    for (const folder of folders) expect(await local(folder)).toEqual((await stored())!.value);
    expect(changes).toHaveLength(1);
  });

  test('is in no ring of an issuer, whose refresh leaves it alone', async () => {
    const rings = await bench.rings();
    const key = await ready();
    await rings.refresh();
    expect(rings.all().flatMap((ring) => ring.list().map(({ kid }) => kid))).not.toContain(key.jwk!.kid);
    expect([...(await bench.store.versions('ring')).keys()]).toEqual(['shared']);
    expect((await stored())!.value).toEqual(await local());
  });

  test('lost in the store is restored from the local file, also while the server runs', async () => {
    const running = await ready();
    await removeStored();
    const restarted = await ready({ mayCreate: false });
    expect(restarted.jwk).toEqual(running.jwk);
    await removeStored();
    await running.refresh();
    expect((await stored())!.value).toEqual(await local());
    expect(changes).toHaveLength(1);
  });

  test('lost in the local folder is restored from the store', async () => {
    const key = await ready();
    await rm(file());
    expect((await ready({ mayCreate: false })).jwk).toEqual(key.jwk);
    expect(await local()).toEqual((await stored())!.value);
  });

  test('lost in both is not replaced once the log has a checkpoint', async () => {
    await ready();
    await removeStored();
    await rm(file());
    await expect(ready({ mayCreate: false })).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The audit log has a signed checkpoint, but its key is not in the store or in ${file()}.`,
    });
    expect(await stored()).toBeUndefined();
  });

  test('in the local file that differs from the one in the store is refused, and both stay', async () => {
    await ready();
    const other = await keysBench();
    try {
      await new JournalKey({
        ...{ store: other.store, logger: other.logger, now: other.now, folder: other.folder('keys') },
        ...{
          backend: fileBackend(encryptionKey),
          mayCreate: async () => true,
          record: async () => undefined,
        },
      }).refresh();
      const foreign = await readFile(join(other.folder('keys'), 'journal.json'), 'utf8');
      const before = await stored();
      await writeFile(file(), foreign);
      await expect(ready()).rejects.toMatchObject({
        code: 'key_material_unusable',
        message: `The store and ${file()} have different key rings. Both are unchanged.`,
      });
      expect(await readFile(file(), 'utf8')).toBe(foreign);
      expect(await stored()).toEqual(before);
    } finally {
      await other.end();
    }
  });

  test('that is damaged in the store or in the local file is refused', async () => {
    await ready();
    await writeFile(file(), '{');
    await expect(ready()).rejects.toMatchObject({ code: 'key_material_unusable' });
    await rm(file());
    await bench.store.replace('setting', 'journal_key', (await stored())!.version, { format: 1 });
    await expect(ready()).rejects.toMatchObject({ code: 'key_material_unusable' });
  });
});

describe('the journal key under a new key-encryption key', () => {
  test('is rewrapped by a server that knows the previous one', async () => {
    const before = await ready();
    const after = await ready({ backend: fileBackend(next, encryptionKey) });
    expect(after.jwk).toEqual(before.jwk);
    for (const ring of [(await stored())!.value, await local()])
      await fileBackend(next).check((ring as Ring).keys[0]!);
    expect(changes.map(({ event }) => event)).toEqual(['key.created', 'key.rewrapped']);
    await expectSigning(await ready({ backend: fileBackend(next), mayCreate: false }));
  });

  test('is rewrapped by rekey, together with the rings', async () => {
    await bench.replica();
    const key = await ready();
    const recorded: string[] = [];
    const result = await rekey({
      ...{ store: bench.store, folder: bench.folder('keys'), logger: bench.logger, now: bench.now },
      backend: fileBackend(next, encryptionKey),
      record: async (ring, { event }) => void recorded.push(`${ring} ${event}`),
    });
    expect(result).toEqual({ rings: 2, keys: 3, rewrapped: 3 });
    expect(recorded.toSorted()).toEqual([
      'journal key.rewrapped',
      'shared key.rewrapped',
      'shared key.rewrapped',
    ]);
    await expectSigning(await ready({ backend: fileBackend(next), mayCreate: false }));
    expect((await local()).keys[0]!.kid).toBe(key.jwk!.kid);
  });

  test('that decrypts the rings but not the journal key is refused by rekey, which changes nothing', async () => {
    await bench.replica();
    await ready({ backend: fileBackend(new Uint8Array(32).fill(1)) });
    const before = [await stored(), await bench.store.get('ring', 'shared')];
    const options = {
      ...{ store: bench.store, folder: bench.folder('keys'), logger: bench.logger, now: bench.now },
      record: async () => undefined,
    };
    await expect(rekey({ ...options, backend: fileBackend(next, encryptionKey) })).rejects.toMatchObject({
      code: 'key_material_unusable',
    });
    expect([await stored(), await bench.store.get('ring', 'shared')]).toEqual(before);
  });
});

describe('the journal key in a backup', () => {
  const backUp = (folder: string) =>
    backupRings(
      { store: bench.store, folder: bench.folder('keys'), logger: bench.logger, now: bench.now },
      bench.folder(folder),
    );

  test('is saved with the rings, checked, and restored', async () => {
    await bench.replica();
    const key = await ready();
    await backUp('backup');
    expect((await bench.filesIn('backup')).toSorted()).toEqual(['journal.json', 'ring.json']);
    await checkRingFiles(bench.folder('backup'), fileBackend(encryptionKey));
    await expect(checkRingFiles(bench.folder('backup'), fileBackend(next))).rejects.toMatchObject({
      code: 'key_material_unusable',
    });
    await restoreRingFiles(bench.folder('backup'), bench.folder('restored'));
    await removeStored();
    expect((await ready({ folder: 'restored', mayCreate: false })).jwk).toEqual(key.jwk);
  });

  test('is absent if no server has created it', async () => {
    await bench.replica();
    await backUp('backup');
    expect(await bench.filesIn('backup')).toEqual(['ring.json']);
  });
});

describe('the journal key in a key service', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const state = { down: true };
  const service: KeyService = {
    name: 'A service',
    maxConcurrency: 5,
    isReference: (reference) => reference === 'key-1',
    async create() {
      if (state.down) throw new SojournError('key_backend_unavailable');
      return 'key-1';
    },
    publicKey: async () => publicKey,
    async sign(_reference, _alg, data) {
      if (state.down) throw new SojournError('key_backend_unavailable');
      return sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    },
  };

  test('is created and signs as soon as the service responds', async () => {
    const limits = {
      maxQueued: 5,
      failureThreshold: 50,
      openMs: 1,
      signTimeoutMs: 500,
      createTimeoutMs: 500,
    };
    const key = open({ backend: serviceBackend(service, { logger: bench.logger, limits }) });
    await expect(key.sign(Buffer.from('x'))).rejects.toMatchObject({ status: 503 });
    expect(await stored()).toBeUndefined();
    state.down = false;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expectSigning(key);
    expect((await local()).keys[0]!.sealed).toBe('key-1');
    state.down = true;
    await expect(key.sign(Buffer.from('x'))).rejects.toMatchObject({ status: 503 });
  });
});
