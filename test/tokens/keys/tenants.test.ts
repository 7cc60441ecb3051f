/** No ring outlives its tenant: after an interrupted or concurrent deletion, the next refresh removes the orphaned ring. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createConnections,
  isIssuerUnused,
  readNewConnection,
} from '../../../src/access/connections/index.ts';
import { createTenants, type Tenants } from '../../../src/access/tenants/index.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import { fileBackend, Keyrings, type Ring } from '../../../src/tokens/keys/index.ts';
import { encryptionKey, type KeysBench, keysBench } from './bench.ts';
import { day, timing } from './records.ts';

let bench: KeysBench;
beforeEach(async () => {
  bench = await keysBench();
});
afterEach(() => bench.end());

const now = () => bench.clock.ms;
const logger = createLogger({ level: 'silent' });
const issuer = 'https://id.example.com';
const ownKeys = { name: 'Acme', own_issuer: true, own_keys: true };

/** The rings and the tenants of one replica, connected as in a server. */
async function replica({
  folder = 'keys',
  store = bench.store,
  record = async () => {},
}: {
  folder?: string;
  store?: Store;
  record?: (ring: string) => Promise<void>;
} = {}) {
  const keyrings: Keyrings = await Keyrings.open({
    ...{ store, now, steadyNow: now, logger, timing, record },
    backend: fileBackend(encryptionKey),
    folder: bench.folder(folder),
    algorithms: ['ES256'],
    obstacles: async () => [],
    onPostponed: () => {},
    hasTenant: async (id) => (await tenants.find(id))?.own_keys === true,
    mayCreate: async (id) => id === 'shared' || isIssuerUnused(store, { id, issuer: tenants.ownIssuer(id) }),
  });
  const tenants: Tenants = createTenants({
    ...{ store, now, issuer },
    makeKeys: (id) => keyrings.of(id),
    removeKeys: (id) => keyrings.remove(id),
  });
  const round = async () => {
    await keyrings.refresh();
    await keyrings.advance();
  };
  return { keyrings, tenants, round };
}

const down = () => new SojournError('store_unavailable');

/** All saved rings: in the store, and in the local files of these replicas. */
const left = async (...folders: string[]) => ({
  stored: [...(await bench.store.versions('ring')).keys()],
  copies: await Promise.all(folders.map(async (folder) => (await bench.filesIn(folder)).sort())),
});
const mainAlone = (...folders: string[]) => ({
  stored: ['shared'],
  copies: folders.map(() => ['ring.json']),
});

const inKeys = (name: string) => join(bench.folder('keys'), name);

/** Deletes the tenant's record, as a replica does that dies before it deletes the keys. */
async function cutShort(id: string): Promise<void> {
  const { remove } = createTenants({
    ...{ store: bench.store, now, issuer },
    makeKeys: async () => {},
    removeKeys: () => Promise.reject(down()),
  });
  await expect(remove(id)).rejects.toMatchObject({ code: 'store_unavailable' });
}

describe('creating a tenant with own keys', () => {
  test('leaves no tenant and no keys if the new keys cannot be recorded in the audit', async () => {
    const record = (ring: string) =>
      ring === 'shared' ? Promise.resolve() : Promise.reject(new SojournError('audit_unavailable'));
    const { tenants, keyrings } = await replica({ record });
    await expect(tenants.create(ownKeys)).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(await tenants.list({ limit: 10 })).toEqual({ items: [] });
    expect(keyrings.all()).toEqual([keyrings.main]);
    expect(await left('keys')).toEqual(mainAlone('keys'));
  });

  test('leaves no tenant and no keys if the tenant is deleted at the same time', async () => {
    let made: string | undefined;
    const { tenants, keyrings } = await replica({
      store: {
        ...bench.store,
        insert: async (kind, id, ...rest) => {
          if (kind === 'ring' && id !== 'shared') {
            made = id;
            await tenants.remove(id);
          }
          return bench.store.insert(kind, id, ...rest);
        },
      },
    });
    await expect(tenants.create(ownKeys)).rejects.toMatchObject({ code: 'tenant_not_found' });
    expect(made).toMatch(/^ten_/);
    expect(keyrings.all()).toEqual([keyrings.main]);
    expect(await left('keys')).toEqual(mainAlone('keys'));
  });
});

describe('the ring of a deleted tenant', () => {
  test('is removed when a server starts, and on other replicas at the next refresh', async () => {
    const [first, other] = [await replica(), await replica({ folder: 'other' })];
    const { id } = await first.tenants.create(ownKeys);
    await other.round();
    await cutShort(id);
    const there = ['ring.json', `${id}.json`];
    expect(await left('keys', 'other')).toEqual({ stored: ['shared', id], copies: [there, there] });
    await (await replica()).round();
    for (const { keyrings, round } of [first, other]) {
      await round();
      expect(keyrings.all()).toEqual([keyrings.main]);
    }
    expect(await left('keys', 'other')).toEqual(mainAlone('keys', 'other'));
  });

  test('is removed by a running replica as soon as a step for it is due', async () => {
    const { keyrings, tenants, round } = await replica();
    await cutShort((await tenants.create(ownKeys)).id);
    bench.clock.ms += 31 * day;
    await round();
    expect(keyrings.all()).toEqual([keyrings.main]);
    expect(await left('keys')).toEqual(mainAlone('keys'));
  });

  test('is removed at the next refresh if the store fails during the deletion', async () => {
    let fails = true;
    const { tenants, keyrings, round } = await replica({
      store: {
        ...bench.store,
        remove: (kind, ...rest) =>
          fails && kind === 'ring' ? Promise.reject(down()) : bench.store.remove(kind, ...rest),
      },
    });
    const { id } = await tenants.create(ownKeys);
    await expect(tenants.remove(id)).rejects.toMatchObject({ code: 'store_unavailable' });
    fails = false;
    await round();
    expect(keyrings.all()).toEqual([keyrings.main]);
    expect(await left('keys')).toEqual(mainAlone('keys'));
  });

  test('is removed even if another replica rotates it at the same moment', async () => {
    const rotating = await replica({ folder: 'other' });
    let rotations = 0;
    const { tenants } = await replica({
      store: {
        ...bench.store,
        remove: async (kind, id, version) => {
          if (kind === 'ring' && rotations++ === 0) await (await rotating.keyrings.of(id)).rotate();
          return bench.store.remove(kind, id, version);
        },
      },
    });
    const { id } = await tenants.create(ownKeys);
    await rotating.round();
    bench.clock.ms += day;
    await tenants.remove(id);
    expect(rotations).toBe(2);
    await rotating.round();
    expect(await left('keys', 'other')).toEqual(mainAlone('keys', 'other'));
  });

  test('is removed again if another replica, unaware of the deletion, restores it', async () => {
    const [first, other] = [await replica(), await replica({ folder: 'other' })];
    const { id } = await first.tenants.create(ownKeys);
    await other.round();
    const open = await other.keyrings.of(id);
    await first.tenants.remove(id);
    await open.revoke(open.active('ES256').kid);
    expect((await left()).stored).toEqual(['shared', id]);
    for (const { keyrings, round } of [first, other]) {
      await round();
      expect(keyrings.all()).toEqual([keyrings.main]);
    }
    expect(await left('keys', 'other')).toEqual(mainAlone('keys', 'other'));
  });

  test('leaves no local file with a replica that was down, or that died before it deleted its file', async () => {
    const [first, down] = [await replica(), await replica({ folder: 'down' })];
    const gone = await first.tenants.create(ownKeys);
    const dying = await first.tenants.create(ownKeys);
    await down.round();
    await first.tenants.remove(gone.id);
    await cutShort(dying.id);
    await bench.store.remove('ring', dying.id, (await bench.store.get('ring', dying.id))!.version);
    expect(await left('keys', 'down')).toEqual({
      stored: ['shared'],
      copies: [
        ['ring.json', `${dying.id}.json`],
        ['ring.json', ...[`${gone.id}.json`, `${dying.id}.json`].sort()],
      ],
    });
    for (const folder of ['keys', 'down']) {
      const { keyrings, round } = await replica({ folder });
      await round();
      expect(keyrings.all()).toEqual([keyrings.main]);
    }
    expect(await left('keys', 'down')).toEqual(mainAlone('keys', 'down'));
  });

  test('is the only one removed at a start: other rings are restored to the store, and other files stay', async () => {
    const { id } = await (await replica()).tenants.create(ownKeys);
    const { value, version } = (await bench.store.get<Ring>('ring', id))!;
    await bench.store.remove('ring', id, version);
    const others = ['credentials.json', 'ring-old.json', 'ten_old.json'];
    for (const name of others) await copyFile(inKeys('ring.json'), inKeys(name));
    await (await replica()).round();
    expect((await bench.store.get<Ring>('ring', id))!.value).toEqual(value);
    expect(await left('keys')).toEqual({
      stored: ['shared', id],
      copies: [['ring.json', `${id}.json`, ...others].sort()],
    });
  });

  test('keeps its local file at a start with a store that lost the main ring too, because the store lost everything', async () => {
    const { id } = await (await replica()).tenants.create(ownKeys);
    const { round, keyrings } = await replica({ store: await bench.openStore('empty') });
    await round();
    expect(keyrings.all()).toEqual([keyrings.main]);
    expect(await left('keys')).toEqual({ stored: ['shared', id], copies: [['ring.json', `${id}.json`]] });
  });

  test('stays and rotates while a connection uses it, because then the record of the tenant was lost', async () => {
    const first = await replica();
    const { id } = await first.tenants.create(ownKeys);
    await createConnections({
      ...{ store: bench.store, now, tenants: first.tenants },
      algorithms: ['ES256'],
    }).create(await readNewConnection({ name: 'prod', tenant: id, cloud: 'aws' }, first.tenants));
    await bench.store.remove('tenant', id, (await bench.store.get('tenant', id))!.version);
    await (await replica()).round();
    bench.clock.ms += 31 * day;
    await first.round();
    const ring = await bench.store.get<Ring>('ring', id);
    expect(ring?.value.keys.map(({ state }) => state)).toEqual(['retired', 'active', 'next']);
  });
});
