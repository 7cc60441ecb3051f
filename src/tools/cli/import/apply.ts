/** Makes what is not there yet, and tells of each line how it stands. What was made stays made when a later line fails. */
import { invitationIdOf } from '../../../onboarding/invitations/index.ts';
import type { ExistingTenant, PlannedRow } from './plan.ts';
import type { ProgressRow } from './progress.ts';
import type { ImportApi } from './server.ts';

export interface ApplyOptions {
  readonly server: ImportApi;
  /** Of the invitations. */
  readonly invitation: Readonly<Record<string, unknown>>;
  /** Links that were told before, by connection. */
  readonly knownLinks: ReadonlyMap<string, string>;
  /** Whether a link that nobody has is replaced by a new one. */
  readonly newLinks: boolean;
  /** Called as soon as a line is done: its link is shown by the server this once. */
  readonly onRow: (row: ProgressRow, made: Created) => void;
}

export interface Created {
  readonly line: number;
  readonly connection: boolean;
  readonly invitation: boolean;
}

/** So many requests at once: enough to keep a server busy, and far from a flood. */
const concurrency = 4;

export async function applyPlan(planned: readonly PlannedRow[], making: ApplyOptions): Promise<void> {
  const tenants = await createTenants(planned, making.server);
  const waiting = [...planned];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      try {
        await applyRow(next, tenants(next), making);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  };
  // All come to an end before a failure is told: what they made is in the list.
  const ended = await Promise.allSettled(Array.from({ length: concurrency }, work));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

/** One after the other, so that two lines of one customer make one tenant. */
async function createTenants(planned: readonly PlannedRow[], server: ImportApi) {
  const added = new Map<string, ExistingTenant>();
  for (const { tenant, row: wanted } of planned)
    if (!tenant && !added.has(wanted.tenant)) added.set(wanted.tenant, await server.addTenant(wanted.tenant));
  return ({ tenant, row: wanted }: PlannedRow): ExistingTenant => tenant ?? added.get(wanted.tenant)!;
}

async function applyRow(
  { row: wanted, connection: there }: PlannedRow,
  tenant: ExistingTenant,
  making: ApplyOptions,
) {
  const { server, knownLinks: links, newLinks: anew, invitation, onRow: done } = making;
  const connection = there ?? (await server.addConnection(wanted, tenant.id));
  const row = {
    name: connection.name,
    tenant: tenant.name,
    connection: connection.id,
    state: connection.state,
  };
  const tell = (link: { invitation: string; expires_at: string }, invited: boolean) =>
    done({ ...row, ...link }, { line: wanted.line, connection: !there, invitation: invited });
  // Whoever is in, or was paused or switched off, needs no link.
  if (connection.state !== 'pending' && connection.state !== 'failing')
    return tell({ invitation: '', expires_at: '' }, false);
  const open = there ? await server.openLinks(connection.id) : new Map<string, string>();
  const known = links.get(connection.id) ?? '';
  const until = open.get(invitationIdOf(known.slice(known.lastIndexOf('/') + 1)));
  if (until !== undefined) return tell({ invitation: known, expires_at: until }, false);
  if (open.size > 0 && !anew)
    return tell({ invitation: '', expires_at: [...open.values()].toSorted().at(-1)! }, false);
  const { url, expires_at } = await server.invite(connection.id, invitation);
  return tell({ invitation: url, expires_at }, true);
}
