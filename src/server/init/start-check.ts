/** What a start checks before anything is written: the store belongs to this issuer, which exists. */
import { existsSync } from 'node:fs';
import { SojournError } from '../../platform/errors/index.ts';
import { allItems, databaseFileOf, type Store, storeNameOf } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { mainRing, readStoredRing, ringFileIds } from '../../tokens/keys/index.ts';
import type { Config } from '../config/index.ts';
import { type IssuerRecord, place, readIssuer } from './issuer-record.ts';

type Location = Pick<Config, 'issuer' | 'store'> & { readonly keys: Pick<Config['keys'], 'path'> };

/**
 * Whether the key folder has rings, from which a store that lost its state is restored.
 * @throws {SojournError} `state_unusable` without them, if the database does not exist; opening it would create it
 */
export async function requireState(config: Location): Promise<boolean> {
  const hasRings = (await ringFileIds(config.keys.path)).length > 0;
  const file = databaseFileOf(config.store);
  if (!hasRings && file !== undefined && !existsSync(file)) throw missing(config);
  return hasRings;
}

/**
 * Resolves to a function that records the issuer in a store of an earlier version, which has no record.
 * @throws {SojournError} `state_unusable` if the store has no issuer, or another one
 */
export async function requireIssuer(
  store: Store,
  config: Location,
  { hasRings, now }: { readonly hasRings: boolean; readonly now: Now },
): Promise<() => Promise<void>> {
  const { issuer } = config;
  const found = await readIssuer(store);
  if (found) {
    assertSame(found.record, config);
    if (found.record.created_at === null) throw interrupted();
    return async () => undefined;
  }
  if (!hasRings && !(await readStoredRing(store, mainRing)) && (await isUnused(store))) throw missing(config);
  await assertTrusted(store, issuer);
  return async () => {
    // A store that has lost writes stays as it is until that is accepted.
    if (store.continuity.fault === undefined)
      await store.insert(...place, { issuer, created_at: toTimestamp(now()) } satisfies IssuerRecord);
  };
}

/** Whether the store has none of the documents that are of no use without keys. */
export async function isUnused(store: Store): Promise<boolean> {
  for (const type of ['tenant', 'client', 'connection'] as const)
    if ((await store.list(type, { limit: 1 })).items.length > 0) return false;
  return true;
}

export function assertSame({ issuer }: IssuerRecord, config: Location): void {
  if (issuer !== config.issuer) throw changed(issuer, 'The store belongs to', config);
}

/** A store without a record: its connections say which issuer the customers trust. */
async function assertTrusted(store: Store, issuer: string): Promise<void> {
  const connections = allItems((query) => store.list<{ issuer: string }>('connection', query));
  for await (const { id, value } of connections)
    if (value.issuer !== issuer && !value.issuer.startsWith(`${issuer}/t/`))
      throw changed(value.issuer.replace(/\/t\/ten_\w+$/, ''), `The connection ${id} has`, { issuer });
}

const changed = (stored: string, subject: string, { issuer }: Pick<Location, 'issuer'>) =>
  new SojournError('state_unusable', {
    detail: `${subject} the issuer ${stored}, and the configuration names ${issuer}.`,
    advice: `Set \`issuer\` to ${stored}: every customer's cloud trusts it. For another issuer, use another \`store\` and \`keys.path\`, and run \`sojourn init\`.`,
  });

const missing = ({ store, keys }: Location) =>
  new SojournError('state_unusable', {
    detail: `There is no issuer yet: no key ring is in ${storeNameOf(store)} or in ${keys.path}.`,
    advice:
      'Create a new issuer with `sojourn init`, or restore a backup of an existing one with `sojourn restore`. If this store had an issuer, it has lost its state: restore it.',
  });

const interrupted = () =>
  new SojournError('state_unusable', {
    detail: '`sojourn init` was interrupted before it had created the whole issuer.',
    advice: 'Run it again with the same configuration.',
  });
