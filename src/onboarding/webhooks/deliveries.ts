/**
 * What is to be told, to whom, and how that went. A delivery is kept for a month; as long as it waits, there is a note of
 * it in the outbox, so that nobody has to read through a month to find what is due.
 */
import { SojournError } from '../../platform/errors/index.ts';
import { type Page, records, type Store, type Stored } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { Told } from './events.ts';

export interface Attempt {
  /** RFC 3339. */
  readonly at: string;
  /** The HTTP status; null when there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
}

export interface Delivery {
  readonly id: string;
  readonly webhook: string;
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly told: Told;
  /** The last ones, oldest first. */
  readonly attempts: readonly Attempt[];
}

/** A note that a delivery waits. Notes of one webhook sort by the order of what happened. */
export interface Note {
  readonly webhook: string;
  /** Tries so far. */
  readonly tries: number;
  /** Milliseconds since the epoch. */
  readonly due: number;
  /** Since when it waits; set anew when it is to be sent again. */
  readonly since: number;
}

const keptMs = 30 * 24 * 3_600_000;
const maxAttempts = 10;
/** Between tries: at first a restart of the receiver is bridged, then a deployment, then a night. */
const pausesMs = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400].map((seconds) => seconds * 1000);
/** Who could not be reached for a day is not told any more: what is true now, the API says. */
const maxAgeMs = 24 * 3_600_000;
/** Another replica writes a note first and its delivery then; whichever has none after this has outlived it. */
const writtenWithinMs = 60_000;
/** Longer than any try takes. A replica that dies over a try loses no more than this. */
const claimMs = 30_000;

export interface Deliveries {
  /** Once only for each webhook and line of the audit, whoever comes first. */
  add(webhook: string, line: number, told: Told): Promise<void>;
  list(webhook: string, page: { after?: string; limit: number }): Promise<Page<Delivery>>;
  /** Rejects with `delivery_not_found`. */
  get(webhook: string, id: string): Promise<Delivery>;
  /** What the note is of: `coming` when that is not kept yet, `gone` when it is not kept any longer. */
  of(note: Stored<Note>): Promise<Delivery | 'coming' | 'gone'>;
  sendAgain(delivery: Delivery): Promise<void>;
  /** The oldest note of each webhook that has any. */
  heads(): AsyncGenerator<Stored<Note>>;
  /** The note behind this one. */
  behind(note: Stored<Note>): Promise<Stored<Note> | undefined>;
  /** For this process alone, for a while; undefined when it is not due or another has it. */
  claim(note: Stored<Note>): Promise<Stored<Note> | undefined>;
  /** Keeps what came of a try: heard, to be tried again, or given up. */
  settle(note: Stored<Note>, attempt: Omit<Attempt, 'at'>, outcome: Outcome): Promise<Delivery['state']>;
  /** Gives a claim back: nothing was tried. */
  release(note: Stored<Note>): Promise<void>;
  drop(note: Stored<Note>): Promise<void>;
}

export type Outcome = 'heard' | 'unheard' | 'refused';

export function createDeliveries(store: Store, now: Now): Deliveries {
  const kept = records<Delivery>(store, 'delivery', 'delivery_not_found');

  const noteOf = async (id: string, note: Note) => {
    if (!(await store.insert('outbox', id, note))) {
      const there = await store.get<Note>('outbox', id);
      if (there) await store.replace('outbox', id, there.version, note);
    }
  };

  const firstFrom = async (after: string | undefined): Promise<Stored<Note> | undefined> => {
    const { items } = await store.list<Note>('outbox', {
      limit: 1,
      ...(after === undefined ? {} : { after }),
    });
    return items[0];
  };

  return {
    async add(webhook, line, told) {
      const id = idOf(webhook, line);
      if (await kept.find(id)) return;
      const at = now();
      // The note first: a delivery without one would wait for ever.
      await store.insert('outbox', id, { webhook, tries: 0, due: at, since: at } satisfies Note);
      await store.insert(
        'delivery',
        id,
        { id, webhook, state: 'pending', told, attempts: [] },
        {
          within: webhook,
          expiresAt: at + keptMs,
        },
      );
    },

    list: (webhook, page) => kept.list({ within: webhook, ...page }),

    async get(webhook, id) {
      const delivery = await kept.get(id);
      if (delivery.webhook !== webhook) throw new SojournError('delivery_not_found');
      return delivery;
    },

    async of({ id, value }) {
      return (await kept.find(id)) ?? (now() - value.since < writtenWithinMs ? 'coming' : 'gone');
    },

    async sendAgain({ id, webhook }) {
      await kept.change(id, (delivery) => ({ ...delivery, state: 'pending' }));
      await noteOf(id, { webhook, tries: 0, due: now(), since: now() });
    },

    async *heads() {
      let head = await firstFrom(undefined);
      while (head) {
        yield head;
        // Sorts behind every note of this webhook.
        head = await firstFrom(`${head.value.webhook}~`);
      }
    },

    async behind({ id, value }) {
      const next = await firstFrom(id);
      return next?.value.webhook === value.webhook ? next : undefined;
    },

    async claim({ id, version, value }) {
      if (value.due > now()) return undefined;
      const claimed = { ...value, due: now() + claimMs };
      return (await store.replace('outbox', id, version, claimed))
        ? { id, version: version + 1, value: claimed }
        : undefined;
    },

    async settle({ id, version, value }, attempt, outcome) {
      const tries = value.tries + 1;
      const over = outcome === 'refused' || now() - value.since >= maxAgeMs;
      const state = outcome === 'heard' ? 'delivered' : over ? 'failed' : 'pending';
      const line: Attempt = { at: toTimestamp(now()), ...attempt };
      await kept.change(id, (delivery) => ({
        ...delivery,
        state,
        attempts: [...delivery.attempts, line].slice(-maxAttempts),
      }));
      if (state !== 'pending') await store.remove('outbox', id, version);
      else {
        const pause = pausesMs[Math.min(tries, pausesMs.length) - 1]!;
        await store.replace('outbox', id, version, { ...value, tries, due: now() + pause });
      }
      return state;
    },

    async release({ id, version, value }) {
      await store.replace('outbox', id, version, { ...value, due: now() });
    },

    async drop({ id, version }) {
      await store.remove('outbox', id, version);
    },
  };
}

/** The number of the line has a fixed width, so that ids sort as the lines do. */
const idOf = (webhook: string, line: number): string => `${webhook}.${String(line).padStart(16, '0')}`;
