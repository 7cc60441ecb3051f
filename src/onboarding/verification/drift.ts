/** Audit events for drift: an active connection admits a probe, starts to fail, or recovers. */
import type { Connection, VerdictChange } from '../../access/connections/index.ts';
import type { Audit } from '../../platform/audit/index.ts';
import type { Check } from './check.ts';

export const recordDrift =
  (audit: Audit) =>
  async ({ connection, from, to, actor, reason }: VerdictChange): Promise<void> => {
    const event =
      from === 'active' && to === 'failing'
        ? 'connection.drifted'
        : from === 'failing' && to === 'active'
          ? 'connection.recovered'
          : undefined;
    if (event === undefined) return;
    await audit.record({
      event,
      outcome: event === 'connection.drifted' ? 'failed' : 'ok',
      actor,
      connection: connection.id,
      tenant: connection.tenant,
      ...(reason === undefined ? {} : { reason }),
    });
  };

/** A probe that the cloud admitted is a danger, so it is reported when it is first seen. */
export async function recordExposure(
  audit: Audit,
  { id, tenant }: Connection,
  actor: string,
  checks: readonly Check[],
): Promise<void> {
  const probe = checks.find(({ name, outcome }) => name.startsWith('probe_') && outcome === 'failed');
  if (!probe) return;
  await audit.record({
    event: 'connection.exposed',
    outcome: 'failed',
    actor,
    connection: id,
    tenant,
    facts: { probe: probe.name },
  });
}
