/** From the audit to deliveries. Every replica may do it at once: a delivery is made once, and the cursor only rises. */

import type { Audit, AuditLine } from '../../platform/audit/index.ts';
import type { Records } from '../../platform/store/index.ts';
import type { Deliveries } from './deliveries.ts';
import { toldOf } from './events.ts';
import type { Webhook } from './schema.ts';

const portion = 200;

export interface Following {
  readonly audit: Audit;
  readonly deliveries: Pick<Deliveries, 'add'>;
  readonly webhooks: Pick<Records<Webhook>, 'change'>;
}

export async function follow(following: Following, webhooks: readonly Webhook[]): Promise<void> {
  if (webhooks.length === 0) return;
  const lines = await linesBehind(following.audit, Math.min(...webhooks.map(({ cursor }) => cursor)));
  const last = lines.at(-1)?.id;
  if (last === undefined) return;
  for (const webhook of webhooks) {
    if (webhook.cursor >= last) continue;
    for (const line of lines) {
      const told = line.id > webhook.cursor && wants(webhook, line) ? toldOf(line) : undefined;
      if (told) await following.deliveries.add(webhook.id, line.id, told);
    }
    // Only now: whoever dies on the way leaves the lines to others.
    await following.webhooks.change(webhook.id, (newest) => ({
      ...newest,
      cursor: Math.max(newest.cursor, last),
    }));
  }
}

const wants = ({ tenant, events, disabled }: Webhook, line: AuditLine): boolean =>
  !disabled && (tenant === null || tenant === line.tenant) && events.includes(line.event);

/** Oldest first. */
async function linesBehind(audit: Audit, cursor: number): Promise<readonly AuditLine[]> {
  const found: AuditLine[] = [];
  let before: number | undefined;
  // Nearly always there is nothing new, and one line says so.
  let limit = 1;
  do {
    const { items, next } = await audit.search({
      noun: 'connection',
      limit,
      ...(before === undefined ? {} : { before }),
    });
    found.push(...items.filter(({ id }) => id > cursor));
    before = items.at(-1) && items.at(-1)!.id > cursor && next !== undefined ? Number(next) : undefined;
    limit = portion;
  } while (before !== undefined);
  return found.reverse();
}
