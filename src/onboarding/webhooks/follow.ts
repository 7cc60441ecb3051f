/**
 * Follows the audit and adds deliveries. All replicas may run it concurrently: adding is idempotent and a cursor only
 * moves forward.
 */

import type { Audit, AuditLine } from '../../platform/audit/index.ts';
import type { Records } from '../../platform/store/index.ts';
import type { Deliveries } from './deliveries.ts';
import { webhookEventOf } from './events.ts';
import type { Webhook } from './schema.ts';

const pageSize = 200;

export interface FollowOptions {
  readonly audit: Audit;
  readonly deliveries: Pick<Deliveries, 'add'>;
  readonly webhooks: Pick<Records<Webhook>, 'change'>;
}

export async function follow(
  { audit, deliveries, webhooks: stored }: FollowOptions,
  webhooks: readonly Webhook[],
): Promise<void> {
  if (webhooks.length === 0) return;
  const lines = await linesAfter(audit, Math.min(...webhooks.map(({ cursor }) => cursor)));
  const last = lines.at(-1)?.id;
  if (last === undefined) return;
  for (const webhook of webhooks) {
    if (webhook.cursor >= last) continue;
    for (const line of lines) {
      const event =
        line.id > webhook.cursor && isSubscribed(webhook, line) ? webhookEventOf(line) : undefined;
      if (event) await deliveries.add(webhook.id, line.id, event);
    }
    // After the deliveries: if this replica crashes before, another one adds them.
    await stored.change(webhook.id, (newest) => ({
      ...newest,
      cursor: Math.max(newest.cursor, last),
    }));
  }
}

const isSubscribed = ({ tenant, events, disabled }: Webhook, line: AuditLine): boolean =>
  !disabled && (tenant === null || tenant === line.tenant) && events.includes(line.event);

/** Oldest first. */
async function linesAfter(audit: Audit, cursor: number): Promise<readonly AuditLine[]> {
  const lines: AuditLine[] = [];
  let before: number | undefined;
  // Usually there is nothing new, and reading one line is enough to see that.
  let limit = 1;
  do {
    const { items, next } = await audit.search({
      noun: 'connection',
      limit,
      ...(before === undefined ? {} : { before }),
    });
    lines.push(...items.filter(({ id }) => id > cursor));
    before = items.at(-1) && items.at(-1)!.id > cursor && next !== undefined ? Number(next) : undefined;
    limit = pageSize;
  } while (before !== undefined);
  return lines.reverse();
}
