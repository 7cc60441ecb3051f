/** `sojourn outage`: how long the workloads would go on without the server. */
import { adminCommand, itemsOf } from '../admin.ts';
import { cell, columns, type Json } from '../print.ts';

export const outage = adminCommand({
  usage: 'outage',
  description: 'say when the first workload would fail if the issuer stopped now',
  examples: ['outage', 'outage --json'],
  request: () => ({ method: 'GET', path: '/outage' }),
  format(answer) {
    const first = answer.first_failure as Json | null;
    if (!first) return 'No credentials are in use: nobody would notice at once.\n';
    const inTime = formatDuration(Number(first.seconds));
    const whose = `client ${cell(first.client)} at connection ${cell(first.connection)}`;
    const rows = itemsOf(answer).map((one) => ({ ...one, left: formatDuration(Number(one.seconds)) }));
    return (
      `If the issuer stopped now, the first workload fails in ${inTime}: ${whose}.\n\n` +
      columns(rows, ['left', 'expires_at', 'client', 'connection', 'purpose'])
    );
  },
});

const formatDuration = (seconds: number): string =>
  seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
