/** Checks at the start: the version of the stored state, and the server's persistence settings. */
import type { Redis } from 'ioredis';
import { SojournError } from '../../errors/index.ts';
import { countedTypes } from '../contract.ts';
import type { Connection } from './connection.ts';
import { hoursKey, idsKey, indexedKey, schemaKey, totalsKey, version1Lists } from './keys.ts';

const schemaVersion = 2;

/**
 * Writes our schema version to an empty server, and migrates the state of an older version. Rejects with `state_unusable` if a
 * newer version of Sojourn wrote it.
 */
export async function claim(redis: Connection, store: string): Promise<void> {
  await redis.set(schemaKey, schemaVersion, 'NX');
  const version = await redis.get(schemaKey);
  if (version === '1') await migrate(redis);
  else if (version !== String(schemaVersion)) throw newerVersion(store, version);
}

const newerVersion = (store: string, version: string | null) =>
  new SojournError('state_unusable', {
    detail: `The state in ${store} has version ${version}; this version of Sojourn supports versions up to ${schemaVersion}.`,
    advice: 'Start the newer version of Sojourn again, or use another database.',
  });

/** As `claim`, but writes nothing. Rejects also if the server has no state, or that of an older version. */
export async function requireCurrent(redis: Redis, store: string): Promise<void> {
  const version = await redis.get(schemaKey);
  if (version === String(schemaVersion)) return;
  if (Number(version) > schemaVersion) throw newerVersion(store, version);
  throw new SojournError('state_unusable', {
    detail: version === null ? `${store} has no state.` : `The state in ${store} is of an older version.`,
    advice: 'Give the configuration of the server, and start the server once after an upgrade.',
  });
}

/**
 * Version 1 had another index, and no totals. The journal is indexed again in the background, and searched without an index
 * until then.
 */
async function migrate(redis: Connection): Promise<void> {
  const match = `${version1Lists}*`;
  for await (const keys of redis.scanStream({ match, count: 1_000 }) as AsyncIterable<string[]>)
    if (keys.length > 0) await redis.unlink(...keys);
  const keys = [schemaKey, hoursKey, indexedKey, totalsKey, ...countedTypes.map((type) => idsKey(type))];
  // Another replica may have done so since, and have changed the state.
  await redis.migrateState(keys.length, ...keys, schemaVersion, ...countedTypes);
}

/** Returns warnings about settings with which the server may lose acknowledged writes. */
export async function inspect(redis: Redis): Promise<readonly string[]> {
  const info = `${await redis.info('memory')}\n${await redis.info('persistence')}`;
  const setting = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const warnings: string[] = [];

  const policy = setting('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    warnings.push(`maxmemory-policy is ${policy}: Redis may evict state; set it to noeviction.`);
  }
  if (setting('aof_enabled') === '0') {
    const snapshots = await snapshotsOf(redis);
    if (snapshots === '') {
      warnings.push(
        'appendonly and save are off: a restart of Redis loses all state; set appendonly to yes.',
      );
    } else {
      warnings.push(
        'appendonly is off: a crash of Redis loses all writes since its last snapshot; set it to yes.',
      );
    }
  }
  return warnings;
}

/** The `save` setting; undefined if CONFIG is not allowed, as on most hosted servers. */
async function snapshotsOf(redis: Redis): Promise<string | undefined> {
  const answer = await redis.config('GET', 'save').catch(() => undefined);
  return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : undefined;
}
