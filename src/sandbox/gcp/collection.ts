/** The lifecycle of pools and providers: create, update, soft delete with a blocked name, undelete. */
import { toTimestamp } from '../../platform/time/index.ts';
import { notFound, type Outcome, ok, refuse } from './responses.ts';

export interface Entity {
  /** `projects/NUMBER/locations/global/workloadIdentityPools/ID` and, for a provider, `/providers/ID`. */
  readonly name: string;
  readonly disabled?: boolean;
}

export interface StoredEntity<T extends Entity> {
  readonly entity: T;
  /** Time of the deletion in milliseconds since the epoch. */
  readonly deletedAt?: number;
}

/** For this long, a deleted id can be undeleted and cannot be created again (clouds.md 3.1). */
const blockedMs = 30 * 24 * 3600 * 1000;

export interface Collection<T extends Entity> {
  /** Including deleted ones, until they are permanently gone. */
  get(name: string): StoredEntity<T> | undefined;
  /** Undefined if the entity is deleted or disabled. */
  active(name: string): T | undefined;
  list(parent: string, showDeleted: boolean): readonly StoredEntity<T>[];
  create(entity: T): Outcome<StoredEntity<T>>;
  change(name: string, change: (entity: T) => Outcome<T>): Outcome<StoredEntity<T>>;
  remove(name: string): Outcome<StoredEntity<T>>;
  undelete(name: string): Outcome<StoredEntity<T>>;
}

export function createCollection<T extends Entity>(now: () => number): Collection<T> {
  const all = new Map<string, StoredEntity<T>>();
  const store = (stored: StoredEntity<T>): Outcome<StoredEntity<T>> => {
    all.set(stored.entity.name, stored);
    return ok(stored);
  };
  const get = (name: string) => {
    const stored = all.get(name);
    return stored?.deletedAt !== undefined && stored.deletedAt + blockedMs <= now() ? undefined : stored;
  };
  return {
    get,
    active(name) {
      const stored = get(name);
      return stored && stored.deletedAt === undefined && !stored.entity.disabled ? stored.entity : undefined;
    },
    list: (parent, showDeleted) =>
      [...all.keys()]
        .filter((name) => name.slice(0, name.lastIndexOf('/')) === parent)
        .flatMap((name) => get(name) ?? [])
        .filter(({ deletedAt }) => showDeleted || deletedAt === undefined),
    create: (entity) =>
      get(entity.name) ? refuse('ALREADY_EXISTS', 'Requested entity already exists') : store({ entity }),
    change(name, change) {
      const stored = get(name);
      if (!stored || stored.deletedAt !== undefined) return notFound();
      const changed = change(stored.entity);
      return changed.ok ? store({ entity: changed.value }) : changed;
    },
    remove(name) {
      const stored = get(name);
      return !stored || stored.deletedAt !== undefined
        ? notFound()
        : store({ entity: stored.entity, deletedAt: now() });
    },
    undelete(name) {
      const stored = get(name);
      if (!stored) return notFound();
      if (stored.deletedAt === undefined) return refuse('FAILED_PRECONDITION', 'The entity is not deleted.');
      return store({ entity: stored.entity });
    },
  };
}

/** The entity as the API returns it. */
export const entityJson = <T extends Entity>({ entity, deletedAt }: StoredEntity<T>) => ({
  ...entity,
  state: deletedAt === undefined ? 'ACTIVE' : 'DELETED',
  ...(deletedAt === undefined ? {} : { expireTime: toTimestamp(deletedAt + blockedMs) }),
});
