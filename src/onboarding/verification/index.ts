/**
 * Verification: whether a connection works and admits no other subject. Owns: the checks, the verdict, the signed result
 * of the latest verification, and when a connection is verified again. Does not own: the exchange with a cloud
 * (exchange) or the meaning of a cloud's refusals (clouds).
 */
import type { Connection, Connections, ResolvedConnection } from '../../access/connections/index.ts';
import {
  resolveConnection,
  sameTarget,
  stateOf,
  subjectOf,
  unavailableReason,
  underIssuer,
} from '../../access/connections/index.ts';
import type { Tenants } from '../../access/tenants/index.ts';
import { cloudOf } from '../../clouds/index.ts';
import { createSingleFlight } from '../../platform/cache/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { every, toTimestamp } from '../../platform/time/index.ts';
import type { Issuers } from '../../tokens/issuer/index.ts';
import { type Check, firstObstacle, verdictOf } from './check.ts';
import { recordExposure } from './drift.ts';
import {
  findVerification,
  type StoredVerification,
  storeVerification,
  type VerificationRecord,
} from './record.ts';
import { driftConfirmedAt, isPropagationOver, nextRetry, nextRetryInOutage, type Retry } from './retry.ts';
import { type CheckOptions, runChecks } from './run-checks.ts';
import { claimVerification, listDue, scanIntervalMs } from './schedule.ts';

export { type Check, checkRecord } from './check.ts';
export { recordDrift } from './drift.ts';
export { type StoredVerification, type VerificationRecord, verificationRecord } from './record.ts';

/**
 * The verdict is `active` if all checks passed. An outage, a propagating change or the first failure of an active connection
 * leaves its state unchanged; then the server repeats the verification at `retry_at`.
 */
export type Verification = Pick<VerificationRecord, 'verdict' | 'state' | 'checks' | 'retry_at'>;

export interface Verifier {
  /** Runs all checks and stores the result and the state. Concurrent calls for one connection share one run. */
  verify(connection: Connection, actor: string): Promise<Verification>;
  /** The latest verification. Rejects with `verification_not_found`. */
  latest(connection: string): Promise<StoredVerification>;
  /** Starts retries and scheduled verifications. Returns a function that stops them. */
  start(): () => Promise<void>;
}

export interface VerifierOptions extends Omit<CheckOptions, 'stopping'> {
  readonly connections: Connections;
  readonly tenants: Pick<Tenants, 'get' | 'issuerOf'>;
  readonly issuers: Pick<Issuers, 'of'>;
  readonly store: Store;
  readonly logger: Logger;
  /** How often each connection is verified again, in milliseconds. */
  readonly every: number;
}

/** Interval of the retries, which are in memory. The store is scanned less often (`scanIntervalMs`). */
const tickMs = 1_000;

export function createVerifier(options: VerifierOptions): Verifier {
  const { connections, tenants, issuers, store, audit, logger, now } = options;
  const retries = new Map<string, Retry>();
  const stopping = new AbortController();
  const singleFlight = createSingleFlight<Verification>();
  let nextScanAt = now() + scanIntervalMs(options.every);

  async function verifyNow(connection: Connection, actor: string): Promise<Verification> {
    const { issuer } = connection;
    const newIssuer = tenants.issuerOf(await tenants.get(connection.tenant));
    const resolved = underIssuer(resolveConnection(connection), newIssuer);
    const { checks, started } = await runTimed(resolved, actor);
    if (newIssuer === issuer) return recordResult(resolved, actor, { checks, started });
    // The tenant is moving: the connection keeps its issuer until the customer's cloud trusts the new one.
    if (verdictOf(checks) === 'active') {
      await connections.adopt(connection, newIssuer);
      return recordResult(resolved, actor, { checks, started });
    }
    const detail = `The cloud does not trust ${newIssuer} yet; tokens still come from ${issuer}.`;
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

  async function runTimed(resolved: ResolvedConnection, actor: string) {
    const started = now();
    return { started, checks: await runChecks(resolved, actor, { ...options, stopping: stopping.signal }) };
  }

  async function recordResult(
    resolved: ResolvedConnection,
    actor: string,
    { checks: results, started }: { checks: readonly Check[]; started: number },
  ): Promise<Verification> {
    const { connection, destination } = resolved;
    const previous = await findVerification(store, connection.id);
    const { checks, ...settled } = applyPropagation(connection, results, previous);
    const verdict = verdictOf(checks);
    const failingSince =
      connection.verdict === 'active' && verdict === 'failing'
        ? (previous?.failing_since ?? previous?.propagating_since ?? now())
        : undefined;
    const isUnconfirmed = failingSince !== undefined && now() < driftConfirmedAt(failingSince);
    const retry = isUnconfirmed
      ? { since: failingSince, attempts: 0, dueAt: driftConfirmedAt(failingSince) }
      : settled.retry;
    const after =
      verdict === 'undecided' || isUnconfirmed
        ? await connections.get(connection.id)
        : await connections.setVerdict(connection, verdict, verdictReason(actor, checks));
    const result = {
      verdict: verdict === 'active' ? 'active' : 'failing',
      state: stateOf(after),
      checks,
    } as const;
    // The target changed during the run: return the result, but store nothing.
    if (!sameTarget(after, connection)) return { ...result, retry_at: null };
    if (retry) retries.set(connection.id, retry);
    else retries.delete(connection.id);
    const answer: Verification = { ...result, retry_at: retry ? toTimestamp(retry.dueAt) : null };
    const verification: VerificationRecord = {
      connection: connection.id,
      ...{ name: connection.name, tenant: connection.tenant, cloud: connection.cloud },
      issuer: connection.issuer,
      subject: subjectOf(connection),
      audience: destination.audience,
      algorithm: connection.algorithm,
      ...answer,
      actor,
      started_at: toTimestamp(started),
      finished_at: toTimestamp(now()),
    };
    const jws = await (await issuers.of(connection)).signStatement('sojourn-verification+jwt', {
      verification,
    });
    const since = checks.some(({ outcome }) => outcome === 'propagating') ? retry?.since : undefined;
    const unconfirmed = verdict === 'undecided' ? previous?.failing_since : failingSince;
    await storeVerification(store, connection, {
      verification,
      jws,
      ...(since === undefined ? {} : { propagating_since: since }),
      ...(unconfirmed === undefined ? {} : { failing_since: unconfirmed }),
    });
    if (isUnconfirmed && previous?.failing_since === undefined)
      await recordExposure(audit, connection, actor, checks);
    return answer;
  }

  /** A refusal that a recent change can explain counts as failed only after the propagation time. */
  function applyPropagation(
    connection: Connection,
    checks: readonly Check[],
    previous: StoredVerification | undefined,
  ): { readonly checks: readonly Check[]; readonly retry?: Retry } {
    if (verdictOf(checks) !== 'undecided') return { checks };
    const seconds = cloudOf(connection.cloud).diagnosis?.propagation.seconds ?? 0;
    const attempts = (retries.get(connection.id)?.attempts ?? -1) + 1;
    if (!checks.some(({ outcome }) => outcome === 'propagating')) {
      const dueAt = nextRetryInOutage(attempts, now());
      return { checks, ...(dueAt === undefined ? {} : { retry: { since: now(), attempts, dueAt } }) };
    }
    const firstRefusal = previous?.propagating_since ?? now();
    const since = Math.max(firstRefusal, Date.parse(connection.updated_at));
    if (isPropagationOver(since, seconds, now()))
      return {
        checks: checks.map((check) =>
          check.outcome === 'propagating' ? { ...check, outcome: 'failed' } : check,
        ),
      };
    return {
      checks,
      retry: { since, attempts, dueAt: nextRetry({ since, attempts }, seconds, now()) },
    };
  }

  const verify = (connection: Connection, actor: string): Promise<Verification> =>
    singleFlight(`${connection.id} ${connection.updated_at}`, () => verifyNow(connection, actor));

  /** Recorded in the audit like a requested one. */
  async function verifyScheduled(id: string): Promise<void> {
    const connection = await connections.find(id);
    if (!connection || unavailableReason(connection)) {
      retries.delete(id);
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

  async function verifySafely(id: string): Promise<void> {
    try {
      await verifyScheduled(id);
    } catch (err) {
      logger.warn({ err, connection: id }, 'cannot verify the connection now; trying again later');
      const retry = retries.get(id);
      const dueAt = nextRetryInOutage((retry?.attempts ?? 0) + 1, now());
      if (retry && dueAt !== undefined) retries.set(id, { ...retry, attempts: retry.attempts + 1, dueAt });
      else retries.delete(id);
    }
  }

  async function retryDue(): Promise<void> {
    const due = [...retries].filter(([, { dueAt }]) => dueAt <= now());
    await Promise.all(due.map(([id]) => verifySafely(id)));
  }

  async function scan(): Promise<void> {
    if (now() < nextScanAt) return;
    nextScanAt = now() + scanIntervalMs(options.every);
    try {
      const due = await listDue(connections, store, options.every, now());
      // One at a time per cloud, so that a thousand due connections do not cause a burst of requests.
      await Promise.all(
        [...due.values()].map(async (list) => {
          for (const connection of list) {
            if (stopping.signal.aborted) return;
            if (await claimVerification(store, connection, options.every, now()))
              await verifySafely(connection.id);
          }
        }),
      );
    } catch (err) {
      logger.warn({ err }, 'cannot list the connections that are due for verification');
    }
  }

  return {
    verify,
    async latest(connection) {
      const stored = await findVerification(store, connection);
      if (!stored) throw new SojournError('verification_not_found');
      return stored;
    },
    start() {
      // Two loops, so that a retry does not wait behind a scan of a thousand connections.
      const stops = [every(tickMs, retryDue), every(tickMs, scan)];
      return async () => {
        stopping.abort();
        for (const stop of stops) await stop();
      };
    },
  };
}

function verdictReason(actor: string, checks: readonly Check[]): { actor: string; reason?: string } {
  const first = firstObstacle(checks);
  return first ? { actor, reason: `${first.name}: ${first.condition ?? first.detail}` } : { actor };
}
