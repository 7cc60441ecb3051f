/**
 * Bounded look-ups of tenants by the id in a path, which anyone can invent: an id without an issuer is remembered for
 * seconds, and ids that are not known cost a limited number of look-ups per second over all callers.
 */
import type { Tenant } from '../../access/tenants/index.ts';
import { createBoundedMap, createSingleFlight } from '../../platform/cache/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Elapsed } from '../../platform/time/index.ts';

/** Another replica may have created the issuer in this time. */
const absentMs = 2_000;
const maxAbsent = 10_000;
/** A look-up takes 20 to 100 µs: a tenth of one core at most. */
const lookupsPerSecond = 1_000;

export interface TenantLookups {
  /**
   * The tenant if it has an issuer. Rejects with `server_busy` beyond the limit.
   * @param isKnown whether it had one before: then the limit does not apply
   */
  find(id: string, isKnown: boolean): Promise<Tenant | undefined>;
  /** Call it when the tenant may have got an issuer. */
  forget(id: string): void;
}

export function createTenantLookups(
  findTenant: (id: string) => Promise<Tenant | undefined>,
  elapsed: Elapsed,
): TenantLookups {
  const absentUntil = createBoundedMap<number>(maxAbsent);
  const singleFlight = createSingleFlight<Tenant | undefined>();
  let second = { endsAt: 0, left: 0 };
  let changes = 0;

  function takeLookup(): void {
    if (elapsed() >= second.endsAt) second = { endsAt: elapsed() + 1_000, left: lookupsPerSecond };
    if (second.left === 0) throw new SojournError('server_busy', { retryAfter: 1 });
    second.left -= 1;
  }

  return {
    find: (id, isKnown) =>
      singleFlight(id, async () => {
        if (!isKnown && elapsed() < (absentUntil.get(id) ?? 0)) return undefined;
        if (!isKnown) takeLookup();
        const before = changes;
        const tenant = await findTenant(id);
        if (tenant && tenant.own_keys !== null) return tenant;
        // A change during the look-up may not be in its result.
        if (before === changes) absentUntil.set(id, elapsed() + absentMs);
        return undefined;
      }),
    forget(id) {
      changes += 1;
      absentUntil.delete(id);
    },
  };
}
