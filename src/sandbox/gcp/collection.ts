/** Pools and providers share one life: made, changed, softly deleted with their name blocked, brought back. */
import { toTimestamp } from '../../platform/time/index.ts';
import { made, notFound, type Outcome, refuse } from './answers.ts';

export interface Entity {
  /** `projects/NUMBER/locations/global/workloadIdentityPools/ID` and, for a provider, `/providers/ID`. */
  readonly name: string;
  readonly disabled?: boolean;
}

export interface Kept<T extends Entity> {
  readonly entity: T;
  /** Milliseconds since the epoch, when it is deleted. */
  readonly deletedAt?: number;
}

/** A deleted id can be brought back, and not be made anew, for this long (clouds.md 3.1). */
const blockedMilliseconds = 30 * 24 * 3600 * 1000;

export interface Collection<T extends Entity> {
  /** Deleted ones included, until they are gone for good. */
  get(name: string): Kept<T> | undefined;
  /** Only what can be used: neither deleted nor disabled. */
  active(name: string): T | undefined;
  list(parent: string, showDeleted: boolean): readonly Kept<T>[];
  create(entity: T): Outcome<Kept<T>>;
  change(name: string, change: (entity: T) => Outcome<T>): Outcome<Kept<T>>;
  remove(name: string): Outcome<Kept<T>>;
  undelete(name: string): Outcome<Kept<T>>;
}

export function createCollection<T extends Entity>(now: () => number): Collection<T> {
  const all = new Map<string, Kept<T>>();
  const keep = (kept: Kept<T>): Outcome<Kept<T>> => {
    all.set(kept.entity.name, kept);
    return made(kept);
  };
  const get = (name: string) => {
    const kept = all.get(name);
    return kept?.deletedAt !== undefined && kept.deletedAt + blockedMilliseconds <= now() ? undefined : kept;
  };
  return {
    get,
    active(name) {
      const kept = get(name);
      return kept && kept.deletedAt === undefined && !kept.entity.disabled ? kept.entity : undefined;
    },
    list: (parent, showDeleted) =>
      [...all.keys()]
        .filter((name) => name.slice(0, name.lastIndexOf('/')) === parent)
        .flatMap((name) => get(name) ?? [])
        .filter(({ deletedAt }) => showDeleted || deletedAt === undefined),
    create: (entity) =>
      get(entity.name) ? refuse('ALREADY_EXISTS', 'Requested entity already exists') : keep({ entity }),
    change(name, change) {
      const kept = get(name);
      if (!kept || kept.deletedAt !== undefined) return notFound();
      const changed = change(kept.entity);
      return changed.ok ? keep({ entity: changed.value }) : changed;
    },
    remove(name) {
      const kept = get(name);
      return !kept || kept.deletedAt !== undefined
        ? notFound()
        : keep({ entity: kept.entity, deletedAt: now() });
    },
    undelete(name) {
      const kept = get(name);
      if (!kept) return notFound();
      if (kept.deletedAt === undefined) return refuse('FAILED_PRECONDITION', 'The entity is not deleted.');
      return keep({ entity: kept.entity });
    },
  };
}

/** As the API shows it. */
export const shown = <T extends Entity>({ entity, deletedAt }: Kept<T>) => ({
  ...entity,
  state: deletedAt === undefined ? 'ACTIVE' : 'DELETED',
  ...(deletedAt === undefined ? {} : { expireTime: toTimestamp(deletedAt + blockedMilliseconds) }),
});
