/** When documents are put into the buckets: at once when they change, again after a failure, and all of them now and then. */
import type { Audit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { PublishedDocument } from '../issuer/index.ts';
import type { Keyrings } from '../keys/index.ts';
import { allDocuments, type Source } from './documents.ts';
import { Place, type PlaceOptions, type PublishPlace } from './place.ts';

export interface PlaceState {
  readonly to: string;
  /** Milliseconds since the epoch; undefined before the first time. */
  readonly publishedAt: number | undefined;
  /** Why the last try failed, and what to do about it. */
  readonly failure: { readonly reason: string; readonly advice: string } | undefined;
}

export interface Publication {
  /** Does what is due; never rejects. To be called every few seconds. */
  turn(): Promise<void>;
  /** The documents have changed. */
  wake(): void;
  /** What is at this place is not what it should be. */
  heal(to: string): void;
  states(): readonly PlaceState[];
}

/** A tenant that got an issuer of its own changes no key ring: such changes are looked for. */
const lookMs = 60_000;
const firstPauseMs = 60_000;
const longestPauseMs = 15 * 60_000;
/** A JWKS older than this is not put over one that another replica may have put meanwhile. */
const freshMs = 10_000;

interface Held {
  readonly place: Place;
  publishedAt: number | undefined;
  failure: PlaceState['failure'];
  failures: number;
  retryAt: number;
  healAt: number;
}

export function createPublication(
  options: PlaceOptions &
    Source & {
      readonly places: readonly PublishPlace[];
      /** Milliseconds. */
      readonly every: number;
      readonly keyrings: Pick<Keyrings, 'refresh' | 'main'>;
      readonly audit: Audit;
      readonly logger: Logger;
      /** Told of each try that put or would have put something. */
      readonly observe: (outcome: string) => void;
      /** Something new is in a bucket. */
      readonly published: () => void;
    },
): Publication {
  const { now, keyrings, audit, logger, observe } = options;
  const held = options.places.map(
    (where): Held => ({
      place: new Place(where, options),
      publishedAt: undefined,
      failure: undefined,
      failures: 0,
      retryAt: 0,
      healAt: now() + options.every,
    }),
  );
  let dirty = true;
  let lookAt = 0;

  async function publish(one: Held, documents: readonly PublishedDocument[]): Promise<void> {
    const { to, connection: id } = one.place.where;
    try {
      const { put, connection } = await one.place.publish(documents);
      one.publishedAt = now();
      one.failure = undefined;
      one.failures = 0;
      if (!connection) return;
      observe('ok');
      const about = { connection: id, tenant: connection.tenant };
      await audit.record({
        event: 'mirror.published',
        outcome: 'ok',
        actor: 'system',
        ...about,
        facts: {
          to,
          documents: put,
        },
      });
      options.published();
    } catch (error) {
      // What was cut short by our own end says nothing of the cloud.
      if (options.ending.aborted) return;
      const refusal = refusalOf(error);
      const failure = failureOf(refusal);
      const isNew = one.failure?.reason !== failure.reason;
      one.failure = failure;
      one.retryAt = now() + Math.min(longestPauseMs, firstPauseMs * 2 ** one.failures);
      one.failures += 1;
      observe(refusal.code);
      logger.warn({ err: refusal, to, connection: id }, 'the documents cannot be published');
      if (isNew)
        await audit.record({
          event: 'mirror.publish_failed',
          outcome: refusal.status >= 503 ? 'failed' : 'refused',
          actor: 'system',
          connection: id,
          reason: failure.reason,
          facts: { to },
        });
    }
  }

  async function turn(): Promise<void> {
    if (held.length === 0) return;
    const time = now();
    for (const one of held) {
      if (time < one.healAt) continue;
      one.healAt = time + options.every;
      one.place.forget();
      lookAt = 0;
    }
    const woken = dirty;
    // But for new documents a place that refuses stays in its pause, also when another is healed: each copy that differs
    // would have it tried again.
    const isDue = ({ failure, retryAt }: Held) => woken || time >= (failure ? retryAt : lookAt);
    const due = held.filter(isDue);
    if (due.length === 0) return;
    if (woken || time >= lookAt) lookAt = time + lookMs;
    dirty = false;
    await keyrings.refresh();
    if (keyrings.main.staleness().ms > freshMs)
      throw new SojournError('store_unavailable', { detail: 'The key rings cannot be read anew.' });
    const documents: PublishedDocument[] = [];
    for await (const document of allDocuments(options)) documents.push(document);
    for (const one of due) {
      if (options.ending.aborted) return;
      await publish(one, documents);
    }
  }

  /** No place was tried, and all of them lag behind from now on. What a place itself has answered stays. */
  function tellAll(err: unknown): void {
    if (options.ending.aborted) return;
    logger.warn({ err }, 'nothing was published; trying again within a minute');
    for (const one of held) {
      one.failure ??= failureOf(refusalOf(err));
      one.retryAt = Math.max(one.retryAt, now() + lookMs);
    }
  }

  return {
    turn: () => turn().catch(tellAll),
    wake() {
      dirty = true;
    },
    heal(to) {
      for (const { place } of held) if (place.where.to === to) place.forget();
      lookAt = 0;
    },
    states: () =>
      held.map(({ place, publishedAt, failure }) => ({ to: place.where.to, publishedAt, failure })),
  };
}

const refusalOf = (error: unknown): SojournError =>
  error instanceof SojournError ? error : new SojournError('internal', { cause: error });

const failureOf = ({ code, message, advice }: SojournError) => ({ reason: `${code}: ${message}`, advice });
