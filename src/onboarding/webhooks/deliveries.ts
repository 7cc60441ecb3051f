/**
 * Stores deliveries for 30 days. A pending delivery also has an outbox entry, so that finding what is due does not
 * require reading a month of deliveries.
 */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { type Page, records, type Store, type Stored } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { type Immutable, timestamp } from '../../platform/validation/index.ts';
import type { WebhookEvent } from './events.ts';

export const attemptRecord = z.object({
  attempted_at: timestamp,
  http_status: z.int().nullable().describe('Null if there was no response.'),
  error: z.string().nullable(),
});

export type Attempt = Immutable<z.output<typeof attemptRecord>>;

export const deliveryStates = ['pending', 'delivered', 'failed'] as const;

export interface Delivery {
  readonly id: string;
  readonly webhook: string;
  readonly state: (typeof deliveryStates)[number];
  readonly event: WebhookEvent;
  /** The last ten, oldest first. */
  readonly attempts: readonly Attempt[];
}

/** Marks a pending delivery and has its id. Entries of one webhook sort in the order of the events. */
export interface OutboxEntry {
  readonly webhook: string;
  /** Attempts so far. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly next_attempt_at: number;
  /** Milliseconds since the epoch; reset by a redelivery. */
  readonly queued_at: number;
}

const retentionMs = 30 * 24 * 3_600_000;
const maxAttempts = 10;
/** Delays between attempts: they bridge a restart of the receiver, then a deployment, then a night. */
const retryDelaysMs = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400].map((seconds) => seconds * 1000);
/** Give up after a day; receivers resynchronize through the API. */
const maxAgeMs = 24 * 3_600_000;
/** A replica writes the outbox entry before its delivery. An older entry without a delivery is a leftover. */
const writeGraceMs = 60_000;
/** Longer than any attempt. If a replica crashes during an attempt, the delivery is delayed by no more than this. */
const claimMs = 30_000;

export interface Deliveries {
  /** Idempotent: one delivery per webhook and audit line, whichever replica adds it first. */
  add(webhook: string, line: number, event: WebhookEvent): Promise<void>;
  list(webhook: string, page: { after?: string; limit: number }): Promise<Page<Delivery>>;
  /** Rejects with `delivery_not_found`. */
  get(webhook: string, id: string): Promise<Delivery>;
  /** The delivery of an outbox entry; `being_written` if it is not stored yet, `deleted` if it has expired. */
  deliveryOf(entry: Stored<OutboxEntry>): Promise<Delivery | 'being_written' | 'deleted'>;
  requeue(delivery: Delivery): Promise<void>;
  /** The oldest outbox entry of each webhook that has any. */
  oldestPerWebhook(): AsyncGenerator<Stored<OutboxEntry>>;
  /** The next outbox entry of the same webhook. */
  next(entry: Stored<OutboxEntry>): Promise<Stored<OutboxEntry> | undefined>;
  /** Leases the entry to this process; undefined if it is not due or another process has it. */
  claim(entry: Stored<OutboxEntry>): Promise<Stored<OutboxEntry> | undefined>;
  /** Stores the result of an attempt and resolves to the delivery's new state. */
  recordAttempt(
    entry: Stored<OutboxEntry>,
    attempt: Omit<Attempt, 'attempted_at'>,
    outcome: DeliveryOutcome,
  ): Promise<Delivery['state']>;
  /** Ends a claim without an attempt. */
  release(entry: Stored<OutboxEntry>): Promise<void>;
  drop(entry: Stored<OutboxEntry>): Promise<void>;
}

/** Of one attempt. `rejected`: the receiver refuses this event, so it is not sent again. */
export const deliveryOutcomes = ['delivered', 'failed', 'rejected'] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

export function createDeliveries(store: Store, now: Now): Deliveries {
  const stored = records<Delivery>(store, 'delivery', 'delivery_not_found');

  const enqueue = async (id: string, entry: OutboxEntry) => {
    if (await store.insert('outbox', id, entry)) return;
    const existing = await store.get<OutboxEntry>('outbox', id);
    if (existing) await store.replace('outbox', id, existing.version, entry);
  };

  const firstAfter = async (after: string | undefined): Promise<Stored<OutboxEntry> | undefined> => {
    const { items } = await store.list<OutboxEntry>('outbox', {
      limit: 1,
      ...(after === undefined ? {} : { after }),
    });
    return items[0];
  };

  return {
    async add(webhook, line, event) {
      const id = idOf(webhook, line);
      if (await stored.find(id)) return;
      const time = now();
      const entry: OutboxEntry = { webhook, attempts: 0, next_attempt_at: time, queued_at: time };
      const delivery: Delivery = { id, webhook, state: 'pending', event, attempts: [] };
      // The entry first: a delivery without one would stay pending forever.
      await store.insert('outbox', id, entry);
      await store.insert('delivery', id, delivery, { within: webhook, expiresAt: time + retentionMs });
    },

    list: (webhook, page) => stored.list({ within: webhook, ...page }),

    async get(webhook, id) {
      const delivery = await stored.get(id);
      if (delivery.webhook !== webhook) throw new SojournError('delivery_not_found');
      return delivery;
    },

    async deliveryOf({ id, value }) {
      return (
        (await stored.find(id)) ?? (now() - value.queued_at < writeGraceMs ? 'being_written' : 'deleted')
      );
    },

    async requeue({ id, webhook }) {
      await stored.change(id, (delivery) => ({ ...delivery, state: 'pending' }));
      await enqueue(id, { webhook, attempts: 0, next_attempt_at: now(), queued_at: now() });
    },

    async *oldestPerWebhook() {
      let oldest = await firstAfter(undefined);
      while (oldest) {
        yield oldest;
        // Sorts after every entry of this webhook.
        oldest = await firstAfter(`${oldest.value.webhook}~`);
      }
    },

    async next({ id, value }) {
      const next = await firstAfter(id);
      return next?.value.webhook === value.webhook ? next : undefined;
    },

    async claim({ id, version, value }) {
      if (value.next_attempt_at > now()) return undefined;
      const claimed: OutboxEntry = { ...value, next_attempt_at: now() + claimMs };
      return (await store.replace('outbox', id, version, claimed))
        ? { id, version: version + 1, value: claimed }
        : undefined;
    },

    async recordAttempt({ id, version, value }, result, outcome) {
      const attempts = value.attempts + 1;
      const isFinal = outcome === 'rejected' || now() - value.queued_at >= maxAgeMs;
      const state = outcome === 'delivered' ? 'delivered' : isFinal ? 'failed' : 'pending';
      const attempt: Attempt = { attempted_at: toTimestamp(now()), ...result };
      await stored.change(id, (delivery) => ({
        ...delivery,
        state,
        attempts: [...delivery.attempts, attempt].slice(-maxAttempts),
      }));
      if (state !== 'pending') await store.remove('outbox', id, version);
      else {
        const delay = retryDelaysMs[Math.min(attempts, retryDelaysMs.length) - 1]!;
        const entry: OutboxEntry = { ...value, attempts, next_attempt_at: now() + delay };
        await store.replace('outbox', id, version, entry);
      }
      return state;
    },

    async release({ id, version, value }) {
      const entry: OutboxEntry = { ...value, next_attempt_at: now() };
      await store.replace('outbox', id, version, entry);
    },

    async drop({ id, version }) {
      await store.remove('outbox', id, version);
    },
  };
}

/** The line number has a fixed width, so ids sort in the order of the audit lines. */
const idOf = (webhook: string, line: number): string => `${webhook}.${String(line).padStart(16, '0')}`;
