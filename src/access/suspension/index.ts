/**
 * Suspension of issuing: the kill switch for the whole server or one tenant. Owns: whether issuing is suspended, since
 * when and why. Does not own: where that is enforced; issuer and exchange ask after the policy has allowed the use.
 */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { allItems, records, type Store, unknownPart } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { reasonField } from '../../platform/validation/index.ts';
import type { Tenants } from '../tenants/index.ts';

export const suspensionInput = z.strictObject({
  tenant: z.string().optional().describe('Only this tenant; without it the whole server.'),
  reason: reasonField.describe('For the audit log, /readyz and other administrators; clients do not see it.'),
});

export type SuspensionInput = z.output<typeof suspensionInput>;

/** What was requested, for the audit. */
export interface SuspensionRequest {
  readonly tenant?: string;
  readonly reason: string;
}

export interface Suspension {
  /** Null for the whole server. */
  readonly tenant: string | null;
  readonly reason: string;
  /** RFC 3339. */
  readonly since: string;
}

/** The record stays after a resume, because a record that uses compare-and-swap must never be inserted again. */
const storedSuspension = z.strictObject({
  tenant: z.string().nullable(),
  reason: z.string(),
  since: z.string(),
  resumed_at: z.string().exactOptional(),
});

type StoredSuspension = Readonly<z.output<typeof storedSuspension>>;

export interface Suspensions {
  /** Idempotent: a repeated call keeps the time and the reason of the first. Rejects with `tenant_not_found`. */
  suspend(input: SuspensionInput): Promise<SuspensionRequest>;
  /** Idempotent. Rejects with `tenant_not_found`. */
  resume(input: SuspensionInput): Promise<SuspensionRequest>;
  /** All current suspensions; the one of the whole server first. */
  list(): Promise<readonly Suspension[]>;
  /** The suspension that applies to the tenant: that of the whole server, or else its own. */
  of(tenant: string): Promise<Suspension | undefined>;
  /**
   * Reads the store at each call, so that a suspension takes effect on every replica at once. Without a tenant, asks for
   * the whole server only. Rejects with `issuing_suspended` or `tenant_suspended`.
   */
  assertIssuing(tenant?: string): Promise<void>;
}

/** No tenant has this id. */
const wholeServer = 'all';
const pageSize = 500;

export function createSuspensions({
  store,
  tenants,
  now,
}: {
  store: Store;
  tenants: Pick<Tenants, 'get'>;
  now: Now;
}): Suspensions {
  const kept = records<StoredSuspension>(store, 'suspension', 'tenant_not_found', (value) =>
    unknownPart(storedSuspension, value),
  );
  const find = async (id: string): Promise<Suspension | undefined> => {
    const found = await kept.find(id);
    return found && !found.resumed_at ? found : undefined;
  };

  return {
    of: async (tenant) => (await find(wholeServer)) ?? find(tenant),

    async suspend({ tenant, reason }) {
      if (tenant !== undefined) await tenants.get(tenant);
      const suspension: Suspension = { tenant: tenant ?? null, reason, since: toTimestamp(now()) };
      const id = tenant ?? wholeServer;
      if (!(await store.insert('suspension', id, suspension)))
        await kept.change(id, (current) => (current.resumed_at ? suspension : current));
      return { reason, ...(tenant === undefined ? {} : { tenant }) };
    },

    async resume({ tenant, reason }) {
      const id = tenant ?? wholeServer;
      const found = await kept.find(id);
      // A tenant that was deleted can still be suspended.
      if (!found && tenant !== undefined) await tenants.get(tenant);
      if (found)
        await kept.change(id, (current) => ({
          ...current,
          resumed_at: current.resumed_at ?? toTimestamp(now()),
        }));
      return { reason, ...(tenant === undefined ? {} : { tenant }) };
    },

    async list() {
      const current: Suspension[] = [];
      const all = allItems((query) => store.list<StoredSuspension>('suspension', query), {}, pageSize);
      for await (const { value } of all) if (!value.resumed_at) current.push(value);
      return current;
    },

    async assertIssuing(tenant) {
      const [all, own] = await Promise.all([
        find(wholeServer),
        tenant === undefined ? undefined : find(tenant),
      ]);
      if (all) throw new SojournError('issuing_suspended');
      if (own) throw new SojournError('tenant_suspended');
    },
  };
}
