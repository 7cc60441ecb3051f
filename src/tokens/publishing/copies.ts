/** Whether every copy says what this server says: behind by a key, or telling something else. */
import type { Audit } from '../../platform/audit/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { placeOf } from '../issuer/index.ts';
import { differenceAt } from '../keys/index.ts';
import { allDocuments, type Source } from './documents.ts';

export interface CopyState {
  /** The base URL. */
  readonly copy: string;
  /** Undefined while it is as it should be. */
  readonly reason: string | undefined;
  /** Milliseconds since the epoch; undefined before the first time. */
  readonly comparedAt: number | undefined;
}

export interface Copies {
  /** Does what is due; never rejects. To be called every few seconds. */
  turn(): Promise<void>;
  /** A copy was just renewed. */
  wake(): void;
  states(): readonly CopyState[];
}

export function createCopies(
  options: Source & {
    readonly copies: readonly string[];
    /** Milliseconds. */
    readonly every: number;
    readonly audit: Audit;
    readonly logger: Logger;
    readonly now: Now;
    /** Told of a difference that was found in turn: right after a publication a cache may still be in between. */
    readonly differs: (copy: string) => void;
  },
): Copies {
  const { audit, logger, now, differs } = options;
  const states = new Map<string, CopyState>(
    options.copies.map((copy) => [copy, { copy, reason: undefined, comparedAt: undefined }]),
  );
  let due = 0;
  let woken = false;

  async function compare(copy: string): Promise<string | undefined> {
    let jwks = '';
    for await (const { path, document } of allDocuments(options)) {
      // Of each issuer the keys come first.
      if (path.endsWith('jwks')) jwks = document.body.toString();
      else {
        const base = `${copy}/${path.slice(0, -'/.well-known/openid-configuration'.length)}`;
        const served = { discovery: document.body.toString(), jwks };
        const reason = await differenceAt(placeOf(base.replace(/\/$/, '')), served);
        if (reason !== undefined) return reason;
      }
    }
    return undefined;
  }

  async function tell(copy: string, reason: string | undefined): Promise<void> {
    const before = states.get(copy);
    states.set(copy, { copy, reason, comparedAt: now() });
    if (reason === before?.reason) return;
    if (reason === undefined) {
      logger.info({ copy }, 'a copy of the documents is as it should be again');
      return audit.record({ event: 'mirror.recovered', outcome: 'ok', actor: 'system', facts: { copy } });
    }
    logger.warn({ copy, reason }, 'a copy of the documents differs from what is served');
    return audit.record({
      event: 'mirror.drifted',
      outcome: 'failed',
      actor: 'system',
      reason,
      facts: { copy },
    });
  }

  async function turn(): Promise<void> {
    const inTurn = now() >= due;
    if (!inTurn && !woken) return;
    woken = false;
    if (inTurn) due = now() + options.every;
    for (const copy of options.copies) {
      const reason = await compare(copy);
      if (reason !== undefined && inTurn) differs(copy);
      await tell(copy, reason);
    }
  }

  return {
    turn: () => turn().catch((err: unknown) => logger.warn({ err }, 'the copies cannot be compared')),
    wake() {
      woken = true;
    },
    states: () => [...states.values()],
  };
}
