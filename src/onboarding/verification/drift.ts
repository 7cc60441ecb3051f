/** Audit events for drift: an active connection starts to fail, or recovers. */

import type { VerdictChange } from '../../access/connections/index.ts';
import type { Audit } from '../../platform/audit/index.ts';

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
