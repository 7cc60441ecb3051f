/** `sojourn outage`: how long workloads keep working if the server stops. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, itemsOf } from '../admin.ts';
import { cell, columns } from '../print.ts';

export const outage = adminCommand<Answers['OutageBudget']>({
  usage: 'outage',
  description: 'show when the first workload would fail if the issuer stopped now',
  examples: ['outage', 'outage --json'],
  request: () => ({ method: 'GET', path: '/outage' }),
  format(answer) {
    const { first_failure: first } = answer;
    if (!first) return 'No credentials are in use, so no workload would fail.\n';
    const remaining = formatDuration(first.remaining_seconds);
    const affected = `client ${cell(first.client)} at connection ${cell(first.connection)}`;
    const rows = itemsOf(answer).map((item) => ({
      ...item,
      remaining: formatDuration(item.remaining_seconds),
    }));
    return (
      `If the issuer stopped now, the first workload would fail in ${remaining}: ${affected}.\n\n` +
      columns(rows, ['remaining', 'expires_at', 'client', 'connection', 'purpose'])
    );
  },
});

const formatDuration = (seconds: number): string =>
  seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
