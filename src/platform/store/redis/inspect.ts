/** What is looked at once, at the start: whose state it is, and whether the server is set up to keep it. */
import type { Redis } from 'ioredis';
import { SojournError } from '../../errors/index.ts';
import { schemaKey } from './keys.ts';

const schemaVersion = 1;

/** Marks an empty server with our version; rejects with `state_unusable` when a newer program has been here. */
export async function claim(redis: Redis, place: string): Promise<void> {
  await redis.set(schemaKey, schemaVersion, 'NX');
  const found = await redis.get(schemaKey);
  if (found === String(schemaVersion)) return;
  throw new SojournError('state_unusable', {
    detail: `The state in ${place} is of version ${found}; this program knows versions up to ${schemaVersion}.`,
    advice: 'Start the newer program again, or name another database.',
  });
}

/** Whole sentences about settings by which the server may lose what it has acknowledged. */
export async function inspect(redis: Redis): Promise<readonly string[]> {
  const info = `${await redis.info('memory')}\n${await redis.info('persistence')}`;
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const warnings: string[] = [];

  const policy = fact('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    warnings.push(`maxmemory-policy is ${policy}: Redis may throw state away; set it to noeviction.`);
  }
  if (fact('aof_enabled') === '0') {
    const snapshots = await snapshotsOf(redis);
    if (snapshots === '') {
      warnings.push(
        'appendonly and save are off: a restart of Redis loses everything; set appendonly to yes.',
      );
    } else {
      warnings.push(
        'appendonly is off: a crash of Redis loses what came after its last snapshot; set it to yes.',
      );
    }
  }
  return warnings;
}

/** The `save` setting; undefined where CONFIG is not allowed, as with most hosted servers. */
async function snapshotsOf(redis: Redis): Promise<string | undefined> {
  const answer = await redis.config('GET', 'save').catch(() => undefined);
  return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : undefined;
}
