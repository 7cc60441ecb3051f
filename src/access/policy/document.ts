/** The policy document: one per server, replaced as a whole with optimistic locking by its version. */
import { z } from 'zod';
import { invalidRequest, SojournError } from '../../platform/errors/index.ts';
import { type Store, unknownDocument, unknownPart } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { Connections } from '../connections/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { type Guard, guardsField } from './guards.ts';

export const policyInput = z.strictObject({
  version: z
    .int('must be a whole number')
    .min(0, 'must be 0 or more')
    .describe('The version that this policy replaces; 0 if the server has none.'),
  guards: guardsField,
});

export type PolicyInput = z.output<typeof policyInput>;

export interface PolicyDocument extends Pick<PolicyInput, 'version'> {
  readonly guards: readonly Guard[];
  /** Null if no policy was ever saved. */
  readonly updated_at: string | null;
}

type StoredDocument = Omit<PolicyDocument, 'version'>;

const storedDocument = z.strictObject({ guards: guardsField, updated_at: z.string() });

export interface StoredPolicy {
  /**
   * The current document. Its guards stay the same objects while the version is the same. Costs one small read.
   * Rejects with `store_unavailable` or `document_unknown`: without the guards, every request is refused.
   */
  current(): Promise<PolicyDocument>;
  /** Rejects with `version_conflict` if the stored version is not the one that the input replaces. */
  replace(input: PolicyInput): Promise<PolicyDocument>;
}

const recordType = 'policy';
const id = 'policy';
const emptyDocument: PolicyDocument = { version: 0, guards: [], updated_at: null };

export function createStoredPolicy(options: {
  store: Store;
  now: Now;
  connections: Pick<Connections, 'find'>;
  tenants: Pick<Tenants, 'find'>;
}): StoredPolicy {
  const { store, now } = options;
  let cached = emptyDocument;

  return {
    async current() {
      const version = (await store.versions(recordType)).get(id) ?? 0;
      if (version === cached.version) return cached;
      const stored = await store.get<StoredDocument>(recordType, id);
      const part = stored && unknownPart(storedDocument, stored.value);
      if (part !== undefined) throw unknownDocument(recordType, id, part);
      cached = stored ? { ...stored.value, version: stored.version } : emptyDocument;
      return cached;
    },

    async replace({ version, guards }) {
      await checkReferences(guards, options);
      const document: StoredDocument = { guards, updated_at: toTimestamp(now()) };
      const isReplaced =
        version === 0
          ? await store.insert(recordType, id, document)
          : await store.replace(recordType, id, version, document);
      if (!isReplaced) throw new SojournError('version_conflict');
      return { ...document, version: version + 1 };
    },
  };
}

/** Rejects a guard that matches a missing connection or tenant: it would never apply, and no one would notice. */
async function checkReferences(
  guards: readonly Guard[],
  { connections, tenants }: { connections: Pick<Connections, 'find'>; tenants: Pick<Tenants, 'find'> },
): Promise<void> {
  const missing = await Promise.all(
    guards.map(async ({ match: { connection, tenant } }) => {
      if (connection !== undefined && !(await connections.find(connection))) return 'connection';
      return tenant !== undefined && !(await tenants.find(tenant)) ? 'tenant' : undefined;
    }),
  );
  const faults = missing.flatMap((name, index) =>
    name ? [{ path: `guards.${index}.match.${name}`, message: `there is no such ${name}` }] : [],
  );
  if (faults.length > 0) throw invalidRequest(faults);
}
