/**
 * Whether a connection works, and admits no other subject. Owns: the checks, the verdict, the kept report, and when a
 * connection is verified again. Does not own: how a cloud is reached (exchange) or what its refusals mean (clouds).
 */
import type { Connection, ConnectionState, Connections, Verdict } from '../../access/connections/index.ts';
import {
  destinationOf,
  leadAlike,
  stateOf,
  subjectOf,
  unavailableReason,
} from '../../access/connections/index.ts';
import type { Tenants } from '../../access/tenants/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { every, toTimestamp } from '../../platform/time/index.ts';
import type { Issuers } from '../../tokens/issuer/index.ts';
import { type Check, decide, firstObstacle } from './check.ts';
import { findReport, type KeptReport, keepReport, type Report } from './report.ts';
import { claim, dueNow, walkMs } from './schedule.ts';
import { type TryoutOptions, tryOut } from './tryout.ts';
import { isOver, nextTry, nextTryInOutage, type Wait } from './waiting.ts';

export type { Check } from './check.ts';
export { recordDrift } from './drift.ts';
export type { KeptReport, Report } from './report.ts';

export interface Verification {
  /** Whether all checks passed, this time. */
  readonly verdict: Exclude<Verdict, 'pending'>;
  /** Of the connection, after this: an outage, or a change that has not arrived everywhere, leaves it as it was. */
  readonly state: ConnectionState;
  readonly checks: readonly Check[];
  /** When it is tried again by itself; null where nothing is open. */
  readonly retry_at: string | null;
}

export interface Verifier {
  /** Tries the connection and keeps what came of it as its state and report; asked twice at once, it is done once. */
  verify(connection: Connection, actor: string): Promise<Verification>;
  /** The latest report. Rejects with `verification_not_found`. */
  report(connection: string): Promise<KeptReport>;
  /** Begins to try again whoever waits, and to verify whoever is due; what is returned ends that. */
  start(): () => Promise<void>;
}

export interface VerifierOptions extends Omit<TryoutOptions, 'ending'> {
  readonly connections: Connections;
  readonly tenants: Pick<Tenants, 'get' | 'issuerOf'>;
  readonly issuers: Pick<Issuers, 'of'>;
  readonly store: Store;
  readonly logger: Logger;
  /** How often each connection is verified again, in milliseconds. */
  readonly every: number;
}

/** Of those in memory; the store is looked through at longer intervals. */
const turnMs = 1_000;

export function createVerifier(options: VerifierOptions): Verifier {
  const { connections, tenants, issuers, store, audit, logger, now } = options;
  const waiting = new Map<string, Wait>();
  const ending = new AbortController();
  const underWay = new Map<string, Promise<Verification>>();
  let nextWalk = now() + walkMs(options.every);

  async function once(connection: Connection, actor: string): Promise<Verification> {
    const { issuer } = connection;
    const wanted = { ...connection, issuer: tenants.issuerOf(await tenants.get(connection.tenant)) };
    if (wanted.issuer === issuer) return conclude(connection, actor, await looked(connection, actor));
    // Its tenant moves: it goes on under the issuer that the customer's cloud knows until that knows the other.
    const { checks, started } = await looked(wanted, actor);
    if (decide(checks) === 'active')
      return conclude(await connections.adopt(connection.id, wanted.issuer), actor, { checks, started });
    const detail = `Not registered under ${wanted.issuer} yet; tokens still come from ${issuer}.`;
    const advice = 'Apply the set-up file again: it names the new issuer.';
    return {
      verdict: 'failing',
      state: stateOf(connection),
      checks: [
        { name: 'issuer', outcome: 'failed', detail, advice, condition: 'issuer_not_registered' },
        ...checks,
      ],
      retry_at: null,
    };
  }

  async function looked(connection: Connection, actor: string) {
    const started = now();
    return { started, checks: await tryOut(connection, actor, { ...options, ending: ending.signal }) };
  }

  async function conclude(
    connection: Connection,
    actor: string,
    { checks: seen, started }: { checks: readonly Check[]; started: number },
  ): Promise<Verification> {
    const { wait, checks } = await patience(connection, seen);
    const verdict = decide(checks);
    const after =
      verdict === 'undecided'
        ? await connections.get(connection.id)
        : await connections.setVerdict(connection, verdict, because(actor, checks));
    const found = {
      verdict: verdict === 'active' ? 'active' : 'failing',
      state: stateOf(after),
      checks,
    } as const;
    // It leads elsewhere since: whoever asked hears of what was tried, and nothing of it stays.
    if (!leadAlike(after, connection)) return { ...found, retry_at: null };
    if (wait) waiting.set(connection.id, wait);
    else waiting.delete(connection.id);
    const answer: Verification = { ...found, retry_at: wait ? toTimestamp(wait.at) : null };
    const report: Report = {
      connection: connection.id,
      ...{ name: connection.name, tenant: connection.tenant, cloud: connection.cloud },
      issuer: connection.issuer,
      subject: subjectOf(connection),
      audience: destinationOf(connection).audience,
      algorithm: connection.algorithm,
      ...answer,
      actor,
      started_at: toTimestamp(started),
      finished_at: toTimestamp(now()),
    };
    const jws = await (await issuers.of(connection)).state('sojourn-verification+jwt', { report });
    const since = checks.some(({ outcome }) => outcome === 'waiting') ? wait?.since : undefined;
    await keepReport(store, connection, {
      report,
      jws,
      ...(since === undefined ? {} : { propagating_since: since }),
    });
    return answer;
  }

  /** A refusal that a fresh change explains is no verdict until the change has had its time. */
  async function patience(
    connection: Connection,
    checks: readonly Check[],
  ): Promise<{ readonly checks: readonly Check[]; readonly wait?: Wait }> {
    if (decide(checks) !== 'undecided') return { checks };
    const { seconds } = destinationOf(connection).propagation;
    const tries = (waiting.get(connection.id)?.tries ?? -1) + 1;
    if (!checks.some(({ outcome }) => outcome === 'waiting')) {
      const at = nextTryInOutage(tries, now());
      return { checks, ...(at === undefined ? {} : { wait: { since: now(), tries, at } }) };
    }
    const kept = (await findReport(store, connection.id))?.propagating_since ?? now();
    const since = Math.max(kept, Date.parse(connection.updated_at));
    if (isOver(since, seconds, now()))
      return {
        checks: checks.map((one) => (one.outcome === 'waiting' ? { ...one, outcome: 'failed' } : one)),
      };
    return { checks, wait: { since, tries, at: nextTry({ since, tries }, seconds, now()) } };
  }

  function verify(connection: Connection, actor: string): Promise<Verification> {
    const key = `${connection.id} ${connection.updated_at}`;
    const running = underWay.get(key);
    if (running) return running;
    const run = once(connection, actor).finally(() => underWay.delete(key));
    underWay.set(key, run);
    return run;
  }

  /** By itself, with a line in the audit as for any other. */
  async function again(id: string): Promise<void> {
    const connection = await connections.find(id);
    if (!connection || unavailableReason(connection)) {
      waiting.delete(id);
      return;
    }
    const { verdict, state } = await verify(connection, 'system');
    await audit.record({
      event: 'connection.verified',
      outcome: 'ok',
      actor: 'system',
      connection: id,
      tenant: connection.tenant,
      facts: { verdict, state },
    });
  }

  async function guarded(id: string): Promise<void> {
    try {
      await again(id);
    } catch (err) {
      logger.warn({ err, connection: id }, 'a connection cannot be verified at this moment');
      const wait = waiting.get(id);
      const at = nextTryInOutage((wait?.tries ?? 0) + 1, now());
      if (wait && at !== undefined) waiting.set(id, { ...wait, tries: wait.tries + 1, at });
      else waiting.delete(id);
    }
  }

  async function retry(): Promise<void> {
    const ready = [...waiting].filter(([, { at }]) => at <= now());
    await Promise.all(ready.map(([id]) => guarded(id)));
  }

  async function walk(): Promise<void> {
    if (now() < nextWalk) return;
    nextWalk = now() + walkMs(options.every);
    try {
      const due = await dueNow(connections, store, options.every, now());
      // One after the other at each cloud, so that a thousand connections are no storm.
      await Promise.all(
        [...due.values()].map(async (list) => {
          for (const one of list) {
            if (ending.signal.aborted) return;
            if (await claim(store, one, options.every, now())) await guarded(one.id);
          }
        }),
      );
    } catch (err) {
      logger.warn({ err }, 'it cannot be seen which connections are due');
    }
  }

  return {
    verify,
    async report(connection) {
      const kept = await findReport(store, connection);
      if (!kept) throw new SojournError('verification_not_found');
      return kept;
    },
    start() {
      // Two rounds: whoever waits for a change of today does not wait for a thousand others.
      const ends = [every(turnMs, retry), every(turnMs, walk)];
      return async () => {
        ending.abort();
        for (const end of ends) await end();
      };
    },
  };
}

function because(actor: string, checks: readonly Check[]): { actor: string; reason?: string } {
  const first = firstObstacle(checks);
  return first ? { actor, reason: `${first.name}: ${first.condition ?? first.detail}` } : { actor };
}
