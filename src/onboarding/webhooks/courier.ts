/**
 * Tells what waits. For one webhook one after the other, in the order of what happened; a receiver that does not answer
 * keeps its own events waiting and nobody else's.
 */
import type { Audit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { type Guard, postGuarded } from '../../platform/outbound/index.ts';
import type { Records, Stored } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Statement, StatementType } from '../../tokens/issuer/index.ts';
import type { Attempt, Deliveries, Note, Outcome } from './deliveries.ts';
import { claimsOf, type Told } from './events.ts';
import type { Webhook } from './schema.ts';

export interface Courier {
  /** Sets out to each webhook that waits and to which nobody is under way; resolves without their answers. */
  turn(): Promise<void>;
  /** Whatever has no answer yet is given back, as if it had not been tried. */
  close(): Promise<void>;
}

export interface CourierOptions {
  readonly deliveries: Deliveries;
  readonly webhooks: Pick<Records<Webhook>, 'find'>;
  /** Signs with the issuer's key. */
  readonly state: (typ: StatementType, claims: Statement) => Promise<string>;
  readonly guard: Guard;
  readonly audit: Audit;
  readonly logger: Logger;
  readonly now: Now;
  /** Told of each try, for the metrics. */
  readonly observe: (outcome: Outcome) => void;
}

type Attempted = Omit<Attempt, 'at'> & { readonly outcome: Outcome };

const answerWithinMs = 10_000;

export function createCourier(options: CourierOptions): Courier {
  const { deliveries, webhooks, state, guard, audit, logger, now, observe } = options;
  const ending = new AbortController();
  /** By webhook: a receiver that is slow keeps nobody else waiting, nor the next turn. */
  const underWay = new Map<string, Promise<void>>();

  /** Whether the next one of this webhook may be told as well. */
  async function tell(note: Stored<Note>): Promise<boolean> {
    const webhook = await webhooks.find(note.value.webhook);
    if (webhook?.disabled) return false;
    const delivery = await deliveries.of(note);
    if (delivery === 'coming') return false;
    const claimed = await deliveries.claim(note);
    if (!claimed) return false;
    if (!webhook || delivery === 'gone') {
      await deliveries.drop(claimed);
      return true;
    }
    const { told } = delivery;
    const { status, error, outcome } = await post(webhook, note.id, told).catch(async (fault: unknown) => {
      await deliveries.release(claimed);
      throw fault;
    });
    observe(outcome);
    if (outcome !== 'heard')
      logger.warn({ webhook: webhook.id, delivery: note.id, status, error }, 'a webhook was not heard');
    const became = await deliveries.settle(claimed, { status, error }, outcome);
    if (became === 'failed')
      await audit.record({
        event: 'webhook.abandoned',
        outcome: 'failed',
        actor: 'system',
        connection: told.connection,
        tenant: told.tenant,
        facts: { webhook: webhook.id, delivery: note.id, status, told: told.event },
      });
    // Who has just not heard is not asked for the next one at once.
    return outcome !== 'unheard';
  }

  async function post({ url }: Webhook, id: string, told: Told): Promise<Attempted> {
    // Not within the try: that this server cannot sign says nothing of the receiver.
    const body = await state('secevent+jwt', claimsOf(told, id, url, now()));
    try {
      const status = await postGuarded(
        url,
        { contentType: 'application/secevent+jwt', body },
        // Some receivers are known by nothing but a secret in their URL.
        { ...guard, calledAs: new URL(url).host },
        AbortSignal.any([AbortSignal.timeout(answerWithinMs), ending.signal]),
      );
      return { status, error: null, outcome: outcomeOf(status) };
    } catch (error) {
      // That this server goes says nothing of the receiver either.
      if (ending.signal.aborted || !(error instanceof SojournError)) throw error;
      return { status: null, error: error.message, outcome: 'unheard' };
    }
  }

  async function tellAll(head: Stored<Note>): Promise<void> {
    let note: Stored<Note> | undefined = head;
    try {
      while (note && !ending.signal.aborted) {
        if (!(await tell(note))) return;
        note = await deliveries.behind(note);
      }
    } catch (err) {
      if (ending.signal.aborted) return;
      logger.warn({ err, webhook: head.value.webhook }, 'a webhook waits: this server cannot tell it now');
    }
  }

  return {
    async turn() {
      for await (const head of deliveries.heads()) {
        const { webhook } = head.value;
        if (underWay.has(webhook)) continue;
        underWay.set(
          webhook,
          tellAll(head).finally(() => underWay.delete(webhook)),
        );
      }
    },
    async close() {
      ending.abort();
      await Promise.all(underWay.values());
    },
  };
}

/** RFC 8935 section 2.4: a 400 says that this very token is wrong; whatever else is wrong, the receiver may mend. */
const outcomeOf = (status: number): Outcome =>
  status >= 200 && status < 300 ? 'heard' : status === 400 ? 'refused' : 'unheard';
