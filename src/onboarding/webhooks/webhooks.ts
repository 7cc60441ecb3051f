/** Manages webhooks, and runs the periodic steps: follow the audit, send due deliveries. */

import type { Tenants } from '../../access/tenants/index.ts';
import type { Audit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { newId } from '../../platform/ids/index.ts';
import { type Page, records, type Store, unlessSame } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { createDeliveries, type Delivery } from './deliveries.ts';
import { createDispatcher, type Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import { follow } from './follow.ts';
import type { Webhook, WebhookChange, WebhookInput } from './schema.ts';

export interface Webhooks {
  /** Events after this call are delivered. Rejects with `webhook_limit` or `tenant_not_found`. */
  create(input: WebhookInput): Promise<Webhook>;
  get(id: string): Promise<Webhook>;
  list(query: { after?: string; limit: number }): Promise<Page<Webhook>>;
  update(id: string, change: WebhookChange): Promise<Webhook>;
  remove(id: string): Promise<void>;
  /** Oldest first. */
  deliveries(id: string, query: { after?: string; limit: number }): Promise<Page<Delivery>>;
  redeliver(id: string, delivery: string): Promise<Delivery>;
  /** Adds deliveries for new events and starts sending due ones; never rejects. Call it every few seconds. */
  tick(): Promise<void>;
  /** Call after the last tick: aborts requests in flight. Another replica sends their deliveries again. */
  close(): Promise<void>;
}

/** Every event is matched against every webhook. */
const maxWebhooks = 50;

export function createWebhooks(
  options: {
    readonly store: Store;
    readonly audit: Audit;
    readonly tenants: Pick<Tenants, 'find'>;
    readonly now: Now;
  } & Omit<DispatcherOptions, 'deliveries' | 'webhooks'>,
): Webhooks {
  const { store, audit, tenants, now, logger } = options;
  const stored = records<Webhook>(store, 'webhook', 'webhook_not_found');
  const deliveries = createDeliveries(store, now);
  const dispatcher: Dispatcher = createDispatcher({ ...options, deliveries, webhooks: stored });
  const listAll = async () => (await stored.list({ limit: maxWebhooks })).items;

  /** Line ids restart in a restored store. A cursor ahead of the newest line would skip every event until then. */
  const rewind = async (): Promise<void> => {
    const newest = await newestLine();
    for (const { id, cursor } of await listAll())
      if (cursor > newest) await stored.change(id, (webhook) => ({ ...webhook, cursor: newest }));
  };
  const newestLine = async () => (await audit.search({ limit: 1 })).items[0]?.id ?? 0;
  let rewound = false;

  return {
    async create({ url, tenant, events }) {
      if (tenant !== null && !(await tenants.find(tenant))) throw new SojournError('tenant_not_found');
      if ((await listAll()).length >= maxWebhooks)
        throw new SojournError('webhook_limit', {
          detail: `The limit of ${maxWebhooks} webhooks is reached.`,
        });
      const createdAt = toTimestamp(now());
      const cursor = await newestLine();
      const webhook = {
        id: newId('whk', now),
        url,
        tenant,
        events,
        disabled: false,
        created_at: createdAt,
        updated_at: createdAt,
        cursor,
      };
      await stored.insert(webhook.id, webhook);
      return webhook;
    },
    get: stored.get,
    list: stored.list,
    update: (id, change) =>
      stored.change(id, (webhook) =>
        unlessSame(webhook, {
          ...webhook,
          url: change.url ?? webhook.url,
          events: change.events ?? webhook.events,
          disabled: change.disabled ?? webhook.disabled,
          updated_at: toTimestamp(now()),
        }),
      ),
    async remove(id) {
      await stored.remove(id);
    },
    async deliveries(id, query) {
      await stored.get(id);
      return deliveries.list(id, query);
    },
    async redeliver(id, delivery) {
      await deliveries.requeue(await deliveries.get(id, delivery));
      return deliveries.get(id, delivery);
    },
    async tick() {
      try {
        if (!rewound) await rewind();
        rewound = true;
        await follow({ audit, deliveries, webhooks: stored }, await listAll());
        await dispatcher.tick();
      } catch (err) {
        logger.warn({ err }, 'cannot process webhooks: the store does not answer; trying again later');
      }
    },
    close: dispatcher.close,
  };
}
