/** Opens the journal in Redis, to read it only. Servers may keep writing. */
import { SojournError } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import type { Now } from '../../time/index.ts';
import type { JournalIndex, JournalView } from '../journal/view.ts';
import { type Connection, connect, redactedUrlOf } from './connection.ts';
import { documentsIn } from './documents.ts';
import { attempt, reasonOf } from './failure.ts';
import { requireCurrent } from './inspect.ts';
import { hoursKey, indexedKey, listKey } from './keys.ts';
import { linesIn } from './lines.ts';
import { treeIn } from './tree.ts';

export async function viewRedis(
  url: string,
  { logger, now }: { readonly logger: Logger; readonly now: Now },
): Promise<JournalView> {
  const store = redactedUrlOf(url);
  let redis: Connection | undefined;
  try {
    redis = await connect(url, logger);
    await requireCurrent(redis, store);
  } catch (error) {
    redis?.disconnect();
    if (error instanceof SojournError) throw error;
    throw new SojournError('store_unavailable', {
      detail: `The store ${store} is unusable: ${reasonOf(error)}.`,
      advice: 'Check the address and the password, and that Redis is running.',
    });
  }
  const { tile, sealed } = treeIn(redis, attempt);
  return {
    get: documentsIn(redis, attempt, now).get,
    log: { lines: linesIn(redis), tile, sealed },
    index: indexIn(redis),
    close: async () => redis.disconnect(),
  };
}

function indexIn(redis: Connection): JournalIndex {
  return {
    indexed: () => attempt(async () => Number((await redis.get(indexedKey)) ?? 0)),
    async *lists(block) {
      for await (const names of namesIn(redis)) {
        for (const name of names) {
          const lists = await attempt(() => listsOf(redis, name, block));
          for (const [number, list] of Object.entries(lists)) yield { name, block: Number(number), list };
        }
      }
    },
    hours: () =>
      attempt(async () => {
        const hours = Object.entries(await redis.hgetall(hoursKey));
        return new Map(
          hours.map(([hour, bounds]) => [Number(hour), bounds.split(':').map(Number) as [number, number]]),
        );
      }),
  };
}

/** The names of all lists, each once: SCAN can return a key twice. */
async function* namesIn(redis: Connection): AsyncGenerator<readonly string[]> {
  const seen = new Set<string>();
  let cursor = '0';
  do {
    const [next, keys] = await attempt(() => redis.scan(cursor, 'MATCH', listKey('*'), 'COUNT', 1_000));
    const names = keys.map((key) => key.slice(listKey('').length)).filter((name) => !seen.has(name));
    for (const name of names) seen.add(name);
    yield names;
    cursor = next;
  } while (cursor !== '0');
}

async function listsOf(
  redis: Connection,
  name: string,
  block: number | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (block === undefined) return redis.hgetall(listKey(name));
  const list = await redis.hget(listKey(name), String(block));
  return list === null ? {} : { [block]: list };
}
