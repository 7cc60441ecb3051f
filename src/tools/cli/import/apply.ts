/** Creates what does not exist yet and reports each row. If a row fails, everything created before stays. */
import { invitationIdOf } from '../../../onboarding/invitations/index.ts';
import type { ExistingTenant, PlannedRow } from './plan.ts';
import type { ProgressRow } from './progress.ts';
import type { ImportApi } from './server.ts';

export interface ApplyOptions {
  readonly server: ImportApi;
  /** Fields of new invitations. */
  readonly invitation: Readonly<Record<string, unknown>>;
  /** Links from the existing progress list, by connection. */
  readonly knownLinks: ReadonlyMap<string, string>;
  /** Whether to create a new link if the open one is not in the progress list. */
  readonly newLinks: boolean;
  /** Called as soon as a row is done, because the server shows a link only once. */
  readonly onRow: (row: ProgressRow, created: Created) => void;
}

export interface Created {
  readonly line: number;
  readonly connection: boolean;
  readonly invitation: boolean;
}

/** Concurrent requests: enough to keep a server busy, too few to overload it. */
const concurrency = 4;

export async function applyPlan(rows: readonly PlannedRow[], options: ApplyOptions): Promise<void> {
  const tenantOf = await createTenants(rows, options.server);
  const queue = [...rows];
  const work = async () => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      try {
        await applyRow(row, tenantOf(row), options);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  // Wait for all workers before rejecting, so that everything they created is reported.
  const results = await Promise.allSettled(Array.from({ length: concurrency }, work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Creates tenants one after the other, so that two rows of one tenant create it once. */
async function createTenants(plan: readonly PlannedRow[], server: ImportApi) {
  const created = new Map<string, ExistingTenant>();
  for (const { tenant, row } of plan)
    if (!tenant && !created.has(row.tenant)) created.set(row.tenant, await server.addTenant(row.tenant));
  return ({ tenant, row }: PlannedRow): ExistingTenant => tenant ?? created.get(row.tenant)!;
}

async function applyRow(
  { row, connection: existing }: PlannedRow,
  tenant: ExistingTenant,
  { server, knownLinks, newLinks, invitation, onRow }: ApplyOptions,
) {
  const connection = existing ?? (await server.addConnection(row, tenant.id));
  const progress = {
    name: connection.name,
    tenant: tenant.name,
    connection: connection.id,
    state: connection.state,
  };
  const report = (link: { invitation: string; expires_at: string }, isNew: boolean) =>
    onRow({ ...progress, ...link }, { line: row.line, connection: !existing, invitation: isNew });
  // An active, paused or disabled connection needs no link.
  if (connection.state !== 'pending' && connection.state !== 'failing')
    return report({ invitation: '', expires_at: '' }, false);
  const open = existing ? await server.openLinks(connection.id) : new Map<string, string>();
  const knownLink = knownLinks.get(connection.id) ?? '';
  const knownExpiry = open.get(invitationIdOf(knownLink.slice(knownLink.lastIndexOf('/') + 1)));
  if (knownExpiry !== undefined) return report({ invitation: knownLink, expires_at: knownExpiry }, false);
  if (open.size > 0 && !newLinks)
    return report({ invitation: '', expires_at: [...open.values()].toSorted().at(-1)! }, false);
  const { url, expires_at } = await server.invite(connection.id, invitation);
  return report({ invitation: url, expires_at }, true);
}
