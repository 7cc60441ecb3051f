/** The room itself: webhooks as an administrator keeps them, and the two things that are done again and again. */

import type { Tenants } from '../../access/tenants/index.ts';
import type { Audit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { newId } from '../../platform/ids/index.ts';
import { type Page, records, type Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { read } from '../../platform/validation/index.ts';
import { type Courier, type CourierOptions, createCourier } from './courier.ts';
import { createDeliveries, type Delivery } from './deliveries.ts';
import { follow } from './follow.ts';
import { type Webhook, webhookChange, webhookInput } from './schema.ts';

export interface Webhooks {
  /** Told from the next event on. Rejects with `webhook_limit` or `tenant_not_found`. */
  create(input: unknown): Promise<Webhook>;
  get(id: string): Promise<Webhook>;
  list(query: { after?: string; limit: number }): Promise<Page<Webhook>>;
  update(id: string, input: unknown): Promise<Webhook>;
  remove(id: string): Promise<void>;
  /** Oldest first. */
  deliveries(id: string, query: { after?: string; limit: number }): Promise<Page<Delivery>>;
  sendAgain(id: string, delivery: string): Promise<Delivery>;
  /** Looks for what is new and sets out to tell what is due; never rejects. To be called every few seconds. */
  turn(): Promise<void>;
  /** After the last turn: ends what is being told, which is told again by whoever comes next. */
  close(): Promise<void>;
}

/** Each is looked at for every event. */
const maxWebhooks = 50;

export function createWebhooks(
  options: {
    readonly store: Store;
    readonly audit: Audit;
    readonly tenants: Pick<Tenants, 'find'>;
    readonly now: Now;
  } & Omit<CourierOptions, 'deliveries' | 'webhooks'>,
): Webhooks {
  const { store, audit, tenants, now, logger } = options;
  const kept = records<Webhook>(store, 'webhook', 'webhook_not_found');
  const deliveries = createDeliveries(store, now);
  const courier: Courier = createCourier({ ...options, deliveries, webhooks: kept });
  const all = async () => (await kept.list({ limit: maxWebhooks })).items;

  /** A store that was restored counts its lines anew, and a cursor ahead of them would wait for the old count. */
  const rewind = async (): Promise<void> => {
    const newest = await newestLine();
    for (const { id, cursor } of await all())
      if (cursor > newest) await kept.change(id, (webhook) => ({ ...webhook, cursor: newest }));
  };
  const newestLine = async () => (await audit.search({ limit: 1 })).items[0]?.id ?? 0;
  let rewound = false;

  return {
    async create(input) {
      const { url, tenant, events } = read(webhookInput, input);
      if (tenant !== null && !(await tenants.find(tenant))) throw new SojournError('tenant_not_found');
      if ((await all()).length >= maxWebhooks)
        throw new SojournError('webhook_limit', {
          detail: `There are ${maxWebhooks} webhooks, the most there can be.`,
        });
      const at = toTimestamp(now());
      const cursor = await newestLine();
      const made = {
        id: newId('whk', now),
        url,
        tenant,
        events,
        disabled: false,
        created_at: at,
        updated_at: at,
        cursor,
      };
      await kept.insert(made.id, made);
      return made;
    },
    get: kept.get,
    list: kept.list,
    update(id, input) {
      const change = read(webhookChange, input);
      return kept.change(id, (webhook) => ({
        ...webhook,
        url: change.url ?? webhook.url,
        events: change.events ?? webhook.events,
        disabled: change.disabled ?? webhook.disabled,
        updated_at: toTimestamp(now()),
      }));
    },
    async remove(id) {
      await kept.remove(id);
    },
    async deliveries(id, query) {
      await kept.get(id);
      return deliveries.list(id, query);
    },
    async sendAgain(id, delivery) {
      const found = await deliveries.get(id, delivery);
      await deliveries.sendAgain(found);
      return deliveries.get(id, delivery);
    },
    async turn() {
      try {
        if (!rewound) await rewind();
        rewound = true;
        await follow({ audit, deliveries, webhooks: kept }, await all());
        await courier.turn();
      } catch (err) {
        logger.warn({ err }, 'webhooks wait: the store does not answer');
      }
    },
    close: courier.close,
  };
}
