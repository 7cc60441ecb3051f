/**
 * The exchange pipeline: a client's request for credentials of a customer's cloud. Owns: its order, the same for every
 * cloud: authorize → cache → claims and signature → cloud → audit. Does not own: what a cloud accepts (clouds), or the
 * format of the answer (formats).
 */
import type { Client } from '../../access/clients/index.ts';
import {
  type Connection,
  type ResolvedConnection,
  resolveConnection,
  resolveFor,
} from '../../access/connections/index.ts';
import type { AuthorizedUse, Policy, WorkloadClaims } from '../../access/policy/index.ts';
import type { Suspensions } from '../../access/suspension/index.ts';
import type { Credentials, SettingsByCloud } from '../../clouds/index.ts';
import type { Audit, AuditEntry, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import type { FairQueue } from '../../platform/limits/index.ts';
import { observingDates } from '../../platform/outbound/index.ts';
import type { Elapsed, Now } from '../../platform/time/index.ts';
import type { Issuers } from '../issuer/index.ts';
import type { OutageBudget } from '../outage-budget/index.ts';
import { createCredentialsCache } from './cache.ts';
import { incomplete, isCloudRefusal, isTransient, unrecordedFailure } from './failures.ts';
import { cacheKey, type KnownAccess, termsOf } from './terms.ts';

/** An authenticated client with its request context. */
export interface Caller extends RequestContext {
  readonly client: Client;
  /** Claims of the token with which its workload signed in. */
  readonly claims: WorkloadClaims;
}

export interface CredentialsRequest {
  readonly purpose?: string | undefined;
  /** Throws if the credentials could not be formatted as requested. Called before anything is done for them. */
  readonly check?: (connection: Connection) => unknown;
}

export interface Exchange {
  /** Rejects with `connection_…`, `purpose_…`, `approval_…` or `cloud_…`, or with what `check` throws. */
  credentials(
    caller: Caller,
    connectionId: string,
    request?: CredentialsRequest,
  ): Promise<AuthorizedUse & { readonly credentials: Credentials }>;
  /** The cloud token itself, for SDKs that make the exchange on their own. */
  token(caller: Caller, connectionId: string): Promise<{ token: string; expiresIn: number }>;
  /** An exchange without the cache, in any state of the connection except paused. For verification. */
  attempt(resolved: ResolvedConnection, actor: string): Promise<Credentials>;
  /** The same for the server's own documents, which it continues to publish while issuing is suspended. */
  attemptToPublish(resolved: ResolvedConnection): Promise<Credentials>;
}

/** Upper bound for one exchange: waiting for a slot, retries and the cloud's answer. */
const deadlineMs = 5_000;
const maxCached = 10_000;

/** For whom an exchange is made, and under which terms. */
interface Terms {
  readonly actor: Pick<AuditEntry, 'actor' | 'client' | 'source_ip' | 'request_id'>;
  readonly facts?: NonNullable<AuditEntry['facts']>;
  /** When the approval ends, in milliseconds. */
  readonly notAfter?: number | undefined;
  /** Whether a suspension of issuing does not apply. */
  readonly whileSuspended?: boolean;
}

export function createExchange(options: {
  /** For everything that is issued. */
  policy: Policy;
  suspensions: Pick<Suspensions, 'assertIssuing'>;
  cached: KnownAccess;
  issuers: Pick<Issuers, 'of'>;
  audit: Audit;
  settings: SettingsByCloud;
  fairQueue: FairQueue;
  outageBudget: Pick<OutageBudget, 'recordServed'>;
  now: Now;
  elapsed: Elapsed;
  /** Called after each exchange, for the metrics. */
  observe: (exchange: { cloud: string; outcome: string; seconds: number }) => void;
  /** Called with the times in the answers of clouds, in milliseconds since the epoch. */
  observeTime?: (time: number, origin: string) => void;
}): Exchange {
  const {
    policy,
    suspensions,
    cached: known,
    issuers,
    audit,
    settings,
    fairQueue,
    outageBudget,
    now,
    elapsed,
    observe,
    observeTime = () => {},
  } = options;
  const cache = createCredentialsCache({ now, elapsed, maxEntries: maxCached });
  const sign = async (resolved: ResolvedConnection, notAfter?: number) =>
    (await issuers.of(resolved.connection)).sign(resolved, notAfter);

  /** Allows the use of the connection, or records the refusal and throws it. */
  function authorize(
    caller: Caller,
    id: string,
    purpose: string | null | undefined,
    { isRepeated = false, by = known.policy } = {},
  ): Promise<AuthorizedUse> {
    const { client, claims, source_ip, request_id } = caller;
    const requested = purpose === undefined ? {} : { purpose };
    const context = { source_ip, request_id };
    return recordRefusal(caller, id, () =>
      by.authorize({ client, connection: id, claims, ...requested, context, isRepeated }),
    );
  }

  /** Once more, after a wait: the client, its rules, the connection and its approval may have changed. */
  async function authorizeAgain(caller: Caller, id: string, purpose: string | null | undefined) {
    const client = (await known.clients.find(caller.client.client_id)) ?? {
      ...caller.client,
      disabled: true,
    };
    return authorize({ ...caller, client }, id, purpose, { isRepeated: true });
  }

  /** Allows the answer, or records the refusal and throws it. */
  const assertIssuing = (caller: Caller, { id, tenant }: Connection, by = known.suspensions): Promise<void> =>
    recordRefusal(caller, id, () => by.assertIssuing(tenant));

  async function recordRefusal<T>(caller: Caller, id: string, check: () => Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof SojournError)) throw error;
      if (error.status >= 500 && error.code !== 'document_unknown') throw error;
      await audit.record({
        event: 'exchange.refused',
        outcome: 'refused',
        ...actorOf(caller),
        // A caller may have sent a token instead of an id; logs must not contain it.
        ...(isId('con', id) ? { connection: id } : {}),
        reason: error.cause instanceof Error ? `${error.code}: ${error.cause.message}` : error.code,
      });
      throw error;
    }
  }

  async function exchange(resolved: ResolvedConnection, terms: Terms): Promise<Credentials> {
    const { connection, destination } = resolved;
    const { actor, facts = {}, notAfter, whileSuspended = false } = terms;
    const line = { ...actor, connection: connection.id, tenant: connection.tenant };
    const startedAt = now();
    const observed = (outcome: string) =>
      observe({ cloud: connection.cloud, outcome, seconds: (now() - startedAt) / 1000 });
    let signed: Pick<AuditEntry, 'jti' | 'kid' | 'sub' | 'aud'> = {};
    try {
      if (connection.paused_at) throw new SojournError('connection_paused');
      if (destination.missingFields.length > 0) throw incomplete(destination.missingFields);
      const signal = AbortSignal.timeout(deadlineMs);
      const credentials = await fairQueue.run(connection.tenant, () =>
        observingDates(observeTime, () =>
          destination.exchange({
            connection: connection.id,
            settings: settings[connection.cloud] ?? {},
            now,
            signal,
            notAfter,
            // Called again if the cloud reports that the first token arrived too late.
            sign: async () => {
              if (!whileSuspended) await suspensions.assertIssuing(connection.tenant);
              const { token, jti, kid, claims } = await sign(resolved, notAfter);
              signed = { jti, kid, sub: claims.sub, aud: claims.aud };
              return { token, jti };
            },
          }),
        ),
      );
      observed('ok');
      await audit.record({
        event: 'exchange.succeeded',
        outcome: 'ok',
        ...line,
        ...signed,
        facts: { ...facts, expires_at: credentials.expiresAt },
      });
      return credentials;
    } catch (error) {
      if (error instanceof SojournError && error.code === 'audit_unavailable') throw error;
      const failure = error instanceof SojournError ? error : new SojournError('internal', { cause: error });
      observed(failure.code);
      try {
        await audit.record({
          // Every 4xx is Sojourn's refusal; with any other status the cloud was asked, or should have been.
          event: failure.status < 500 ? 'exchange.refused' : 'exchange.failed',
          outcome: isTransient(failure) ? 'failed' : 'refused',
          ...line,
          ...signed,
          ...(Object.keys(facts).length > 0 ? { facts } : {}),
          reason: `${failure.code}: ${failure.message}`,
        });
      } catch (unrecorded) {
        throw unrecordedFailure(failure, unrecorded as SojournError);
      }
      throw failure;
    }
  }

  /** The cloud is not asked again, but each refused request of a client is in the audit. */
  const recordRepeated = (
    connection: Connection,
    caller: Caller,
    facts: NonNullable<AuditEntry['facts']>,
    { code, message }: SojournError,
  ): Promise<void> =>
    audit.record({
      event: 'exchange.failed',
      outcome: 'refused',
      ...actorOf(caller),
      connection: connection.id,
      tenant: connection.tenant,
      facts: { ...facts, repeated: true },
      reason: `${code}: ${message}`,
    });

  const self: Exchange = {
    async credentials(caller, id, request = {}) {
      const { purpose: requested, check } = request;
      const { connection, purpose, notAfter } = await authorize(caller, id, requested);
      check?.(connection);
      const resolved = resolveFor(connection, purpose ?? undefined);
      const facts = purpose === null ? {} : { purpose };
      let failed = false;
      const { credentials, cached } = await cache.get(cacheKey(resolved, notAfter), {
        fetch: () => exchange(resolved, { actor: actorOf(caller), facts, notAfter }),
        staleOn: (error) => {
          failed = true;
          return isTransient(error);
        },
        isRefusal: isCloudRefusal,
        async onRepeat(error) {
          await assertIssuing(caller, connection);
          await recordRepeated(connection, caller, facts, error as SojournError);
        },
      });
      // The caller waited for the cloud, also if it then gets cached credentials.
      if (!cached || failed || notAfter !== undefined) {
        const use = await authorizeAgain(caller, id, requested);
        if (termsOf(use) !== termsOf({ connection, purpose, notAfter }))
          return self.credentials(caller, id, request);
      }
      await assertIssuing(caller, connection);
      const { tenant } = connection;
      const served = { client: caller.client.client_id, connection: id, tenant, purpose };
      await outageBudget.recordServed(served, credentials.expiresAt);
      await audit.record({
        event: 'credentials.served',
        outcome: 'ok',
        ...actorOf(caller),
        connection: connection.id,
        tenant,
        facts: { ...facts, cached, expires_at: credentials.expiresAt },
      });
      return { connection, purpose, notAfter, credentials };
    },

    async token(caller, id) {
      const { connection, notAfter } = await authorize(caller, id, null, { by: policy });
      await assertIssuing(caller, connection, suspensions);
      const { token, jti, kid, claims } = await sign(resolveConnection(connection), notAfter);
      const { sub, aud, exp, iat } = claims;
      await audit.record({
        event: 'token.issued',
        outcome: 'ok',
        ...actorOf(caller),
        connection: connection.id,
        tenant: connection.tenant,
        jti,
        kid,
        sub,
        aud,
      });
      return { token, expiresIn: exp - iat };
    },

    attempt: (resolved, actor) => exchange(resolved, { actor: { actor } }),
    attemptToPublish: (resolved) => exchange(resolved, { actor: { actor: 'system' }, whileSuspended: true }),
  };
  return self;
}

const actorOf = ({ client, source_ip, request_id }: Caller) => ({
  actor: client.client_id,
  client: client.client_id,
  source_ip,
  request_id,
});
