/**
 * Schedules the writes to the buckets: at once when documents change, again after a failure, and everything periodically.
 */
import type { Audit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { backoffMs, withoutJitter } from '../../platform/retry/index.ts';
import type { PublishedDocument } from '../issuer/index.ts';
import type { Keyrings } from '../keys/index.ts';
import { type BucketTarget, BucketWriter, type BucketWriterOptions } from './bucket-writer.ts';
import { allDocuments, type DocumentSource } from './document-source.ts';

export interface BucketState {
  readonly bucket: string;
  /** Milliseconds since the epoch; undefined before the first success. */
  readonly publishedAt: number | undefined;
  /** Why the last attempt failed, and what to do about it. */
  readonly failure: { readonly reason: string; readonly advice: string } | undefined;
}

export interface Publisher {
  /** Writes what is due; never rejects. The caller runs it every few seconds. */
  tick(): Promise<void>;
  /** Publishes at the next tick, because the documents have changed. */
  publishSoon(): void;
  /** Writes everything to this bucket again, because its content has drifted. */
  republish(bucket: string): void;
  states(): readonly BucketState[];
}

/** A tenant that gets its own issuer changes no key ring, so the documents are also compared at this interval. */
const checkIntervalMs = 60_000;
const backoff = { firstMs: 60_000, maxMs: 15 * 60_000, jitter: withoutJitter };
/** A JWKS from an older key ring is not written: it could replace a newer one from another replica. */
const maxRingAgeMs = 10_000;

interface BucketSchedule {
  readonly writer: BucketWriter;
  publishedAt: number | undefined;
  failure: BucketState['failure'];
  failures: number;
  retryAt: number;
  republishAt: number;
}

export function createPublisher(
  options: BucketWriterOptions &
    DocumentSource & {
      readonly buckets: readonly BucketTarget[];
      /** Milliseconds. */
      readonly every: number;
      readonly keyrings: Pick<Keyrings, 'refresh' | 'main'>;
      readonly audit: Audit;
      readonly logger: Logger;
      /** Called after each attempt that had something to write. */
      readonly observe: (outcome: string) => void;
      /** Called after something new was written to a bucket. */
      readonly onPublished: () => void;
    },
): Publisher {
  const { now, keyrings, audit, logger, observe } = options;
  const schedules = options.buckets.map(
    (target): BucketSchedule => ({
      writer: new BucketWriter(target, options),
      publishedAt: undefined,
      failure: undefined,
      failures: 0,
      retryAt: 0,
      republishAt: now() + options.every,
    }),
  );
  let documentsChanged = true;
  let checkAt = 0;

  async function publish(schedule: BucketSchedule, documents: readonly PublishedDocument[]): Promise<void> {
    const { to: bucket, connection: id } = schedule.writer.target;
    try {
      const { put, connection } = await schedule.writer.publish(documents);
      schedule.publishedAt = now();
      schedule.failure = undefined;
      schedule.failures = 0;
      if (!connection) return;
      observe('ok');
      await audit.record({
        event: 'mirror.published',
        outcome: 'ok',
        actor: 'system',
        connection: id,
        tenant: connection.tenant,
        facts: { bucket, document_count: put },
      });
      options.onPublished();
    } catch (error) {
      // An attempt that our own shutdown aborted says nothing about the cloud.
      if (options.shutdown.aborted) return;
      const sojournError = toSojournError(error);
      const failure = failureOf(sojournError);
      const isNew = schedule.failure?.reason !== failure.reason;
      schedule.failure = failure;
      schedule.failures += 1;
      schedule.retryAt = now() + backoffMs(schedule.failures, backoff);
      observe(sojournError.code);
      logger.warn({ err: sojournError, bucket, connection: id }, 'cannot publish the documents');
      if (isNew)
        await audit.record({
          event: 'mirror.publish_failed',
          outcome: sojournError.status >= 503 ? 'failed' : 'refused',
          actor: 'system',
          connection: id,
          reason: failure.reason,
          facts: { bucket },
        });
    }
  }

  async function publishDue(): Promise<void> {
    if (schedules.length === 0) return;
    const time = now();
    for (const schedule of schedules) {
      if (time < schedule.republishAt) continue;
      schedule.republishAt = time + options.every;
      schedule.writer.forget();
      checkAt = 0;
    }
    const changed = documentsChanged;
    // A failing bucket waits out its pause unless documents changed, even if another bucket is republished: otherwise
    // every mirror that drifts would cause an attempt.
    const isDue = ({ failure, retryAt }: BucketSchedule) => changed || time >= (failure ? retryAt : checkAt);
    const due = schedules.filter(isDue);
    if (due.length === 0) return;
    if (changed || time >= checkAt) checkAt = time + checkIntervalMs;
    documentsChanged = false;
    await keyrings.refresh();
    if (keyrings.main.staleness().ms > maxRingAgeMs)
      throw new SojournError('store_unavailable', { detail: 'The key rings cannot be refreshed.' });
    const documents: PublishedDocument[] = [];
    for await (const document of allDocuments(options)) documents.push(document);
    for (const schedule of due) {
      if (options.shutdown.aborted) return;
      await publish(schedule, documents);
    }
  }

  /** No bucket was tried, so all of them may be outdated. A failure that a bucket itself reported takes precedence. */
  function recordFailureForAll(err: unknown): void {
    if (options.shutdown.aborted) return;
    logger.warn({ err }, 'cannot publish to any bucket; retrying within a minute');
    for (const schedule of schedules) {
      schedule.failure ??= failureOf(toSojournError(err));
      schedule.retryAt = Math.max(schedule.retryAt, now() + checkIntervalMs);
    }
  }

  return {
    tick: () => publishDue().catch(recordFailureForAll),
    publishSoon() {
      documentsChanged = true;
    },
    republish(bucket) {
      for (const { writer } of schedules) if (writer.target.to === bucket) writer.forget();
      checkAt = 0;
    },
    states: () =>
      schedules.map(({ writer, publishedAt, failure }) => ({
        bucket: writer.target.to,
        publishedAt,
        failure,
      })),
  };
}

const toSojournError = (error: unknown): SojournError =>
  error instanceof SojournError ? error : new SojournError('internal', { cause: error });

const failureOf = ({ code, message, advice }: SojournError) => ({ reason: `${code}: ${message}`, advice });
