/**
 * Sends due deliveries. Deliveries of one webhook go out one at a time, in the order of the events. A receiver that does
 * not answer delays only its own deliveries.
 */
import type { Audit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { type EgressPolicy, postExternal } from '../../platform/outbound/index.ts';
import type { Records, Stored } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Statement, StatementType } from '../../tokens/issuer/index.ts';
import type { Attempt, Deliveries, DeliveryOutcome, OutboxEntry } from './deliveries.ts';
import { claimsOf, type WebhookEvent } from './events.ts';
import type { Webhook } from './schema.ts';

export interface Dispatcher {
  /** Starts sending to each webhook with due deliveries that has no run in flight. Does not wait for the responses. */
  tick(): Promise<void>;
  /** Aborts requests in flight and releases their deliveries as if they had not been attempted. */
  close(): Promise<void>;
}

export interface DispatcherOptions {
  readonly deliveries: Deliveries;
  readonly webhooks: Pick<Records<Webhook>, 'find'>;
  /** Signs with the issuer's key. */
  readonly state: (typ: StatementType, claims: Statement) => Promise<string>;
  readonly guard: EgressPolicy;
  readonly audit: Audit;
  readonly logger: Logger;
  readonly now: Now;
  /** Called with the outcome of each attempt, for the metrics. */
  readonly observe: (outcome: DeliveryOutcome) => void;
}

type AttemptResult = Omit<Attempt, 'attempted_at'> & { readonly outcome: DeliveryOutcome };

const responseTimeoutMs = 10_000;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { deliveries, webhooks, state, guard, audit, logger, now, observe } = options;
  const stopping = new AbortController();
  /** By webhook, so that a slow receiver does not delay other webhooks or the next tick. */
  const inFlight = new Map<string, Promise<void>>();

  /** Resolves to whether the next delivery of this webhook may be sent. */
  async function deliver(entry: Stored<OutboxEntry>): Promise<boolean> {
    const webhook = await webhooks.find(entry.value.webhook);
    if (webhook?.disabled) return false;
    const delivery = await deliveries.deliveryOf(entry);
    if (delivery === 'being_written') return false;
    const claimed = await deliveries.claim(entry);
    if (!claimed) return false;
    if (!webhook || delivery === 'deleted') {
      await deliveries.drop(claimed);
      return true;
    }
    const { event } = delivery;
    const { http_status, error, outcome } = await post(webhook, entry.id, event).catch(
      async (failure: unknown) => {
        await deliveries.release(claimed);
        throw failure;
      },
    );
    observe(outcome);
    if (outcome !== 'delivered')
      logger.warn(
        { webhook: webhook.id, delivery: entry.id, status: http_status, error },
        'a webhook delivery failed',
      );
    const deliveryState = await deliveries.recordAttempt(claimed, { http_status, error }, outcome);
    if (deliveryState === 'failed')
      await audit.record({
        event: 'webhook.abandoned',
        outcome: 'failed',
        actor: 'system',
        connection: event.connection,
        tenant: event.tenant,
        facts: { webhook: webhook.id, delivery: entry.id, status: http_status, event: event.name },
      });
    // After a failed attempt, do not send the next delivery at once.
    return outcome !== 'failed';
  }

  async function post({ url }: Webhook, id: string, event: WebhookEvent): Promise<AttemptResult> {
    // Outside the try: a failure to sign is this server's, not the receiver's.
    const body = await state('secevent+jwt', claimsOf(event, id, url, now()));
    try {
      const status = await postExternal(
        url,
        { contentType: 'application/secevent+jwt', body },
        // Errors name the host only: the URL of a receiver can contain a secret.
        { ...guard, displayName: new URL(url).host },
        AbortSignal.any([AbortSignal.timeout(responseTimeoutMs), stopping.signal]),
      );
      return { http_status: status, error: null, outcome: outcomeOf(status) };
    } catch (error) {
      // A shutdown of this server is not a failure of the receiver.
      if (stopping.signal.aborted || !(error instanceof SojournError)) throw error;
      return { http_status: null, error: error.message, outcome: 'failed' };
    }
  }

  async function deliverAll(oldest: Stored<OutboxEntry>): Promise<void> {
    let entry: Stored<OutboxEntry> | undefined = oldest;
    try {
      while (entry && !stopping.signal.aborted) {
        if (!(await deliver(entry))) return;
        entry = await deliveries.next(entry);
      }
    } catch (err) {
      if (stopping.signal.aborted) return;
      logger.warn(
        { err, webhook: oldest.value.webhook },
        'cannot send a webhook delivery now; trying again later',
      );
    }
  }

  return {
    async tick() {
      for await (const oldest of deliveries.oldestPerWebhook()) {
        const { webhook } = oldest.value;
        if (inFlight.has(webhook)) continue;
        inFlight.set(
          webhook,
          deliverAll(oldest).finally(() => inFlight.delete(webhook)),
        );
      }
    },
    async close() {
      stopping.abort();
      await Promise.all(inFlight.values());
    },
  };
}

/**
 * RFC 8935 section 2.4: 400 means that this token is invalid, so it is not sent again. Every other error may be
 * temporary.
 */
const outcomeOf = (status: number): DeliveryOutcome =>
  status >= 200 && status < 300 ? 'delivered' : status === 400 ? 'rejected' : 'failed';
