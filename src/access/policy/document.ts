/** The policy document: one for the server, changed as a whole, and known by its version. */
import { z } from 'zod';
import { invalidRequest, SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { read } from '../../platform/validation/index.ts';
import type { Connections } from '../connections/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { type Guard, guardsField } from './guards.ts';

export const policyInput = z.strictObject({
  version: z
    .int('must be a whole number')
    .min(0, 'must be 0 or more')
    .describe('The version that it replaces; 0 where there was never a policy.'),
  guards: guardsField,
});

export interface PolicyDocument {
  readonly version: number;
  readonly guards: readonly Guard[];
  /** Null where there was never one. */
  readonly updated_at: string | null;
}

type Kept = Omit<PolicyDocument, 'version'>;

export interface Document {
  /**
   * The newest one; its guards are the same objects for as long as its version is the same. Costs one small read. Rejects
   * with `store_unavailable`: without the guards nothing is decided.
   */
  current(): Promise<PolicyDocument>;
  /** Rejects with `version_conflict` when another version is there than the one to be replaced. */
  replace(input: unknown): Promise<PolicyDocument>;
}

const kind = 'policy';
const id = 'policy';
const none: PolicyDocument = { version: 0, guards: [], updated_at: null };

export function keptDocument(options: {
  store: Store;
  now: Now;
  connections: Pick<Connections, 'find'>;
  tenants: Pick<Tenants, 'find'>;
}): Document {
  const { store, now } = options;
  let known = none;

  return {
    async current() {
      const version = (await store.versions(kind)).get(id) ?? 0;
      if (version === known.version) return known;
      const stored = await store.get<Kept>(kind, id);
      known = stored ? { ...stored.value, version: stored.version } : none;
      return known;
    },

    async replace(input) {
      const { version, guards } = read(policyInput, input);
      await checkNames(guards, options);
      const kept: Kept = { guards, updated_at: toTimestamp(now()) };
      const done =
        version === 0 ? await store.insert(kind, id, kept) : await store.replace(kind, id, version, kept);
      if (!done) throw new SojournError('version_conflict');
      return { ...kept, version: version + 1 };
    },
  };
}

/** A guard that names nothing would never bite, and nobody would see it. */
async function checkNames(
  guards: readonly Guard[],
  { connections, tenants }: { connections: Pick<Connections, 'find'>; tenants: Pick<Tenants, 'find'> },
): Promise<void> {
  const missing = await Promise.all(
    guards.map(async ({ on: { connection, tenant } }) => {
      if (connection !== undefined && !(await connections.find(connection))) return 'connection';
      return tenant !== undefined && !(await tenants.find(tenant)) ? 'tenant' : undefined;
    }),
  );
  const faults = missing.flatMap((name, index) =>
    name ? [{ path: `guards.${index}.on.${name}`, message: `there is no such ${name}` }] : [],
  );
  if (faults.length > 0) throw invalidRequest(faults);
}
