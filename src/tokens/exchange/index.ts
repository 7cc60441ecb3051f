/**
 * The corridor from a client to a customer's cloud, one for all clouds: may use → connection → cache → claims and
 * signature → cloud → audit. Owns: the order of these steps, and that none can be left out. Does not own: what a cloud
 * says or wants, or the form in which credentials are handed over.
 */

import type { Client } from '../../access/clients/index.ts';
import { type Connection, destinationOf, narrowedTo } from '../../access/connections/index.ts';
import type { Grant, Policy, WorkloadClaims } from '../../access/policy/index.ts';
import type { Credentials, Endpoints } from '../../clouds/index.ts';
import type { Audit, AuditEntry, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import type { Turns } from '../../platform/limits/index.ts';
import type { Elapsed, Now } from '../../platform/time/index.ts';
import type { Issuers } from '../issuer/index.ts';
import type { OutageBudget } from '../outage-budget/index.ts';
import { createPassCache } from './cache.ts';

/** Who asks. */
export interface Caller extends RequestContext {
  readonly client: Client;
  /** Of the token by which it has signed in. */
  readonly claims: WorkloadClaims;
}

/** How somebody wants credentials. */
export interface Wish {
  /** Where there is one to be named. */
  readonly purpose?: string | undefined;
  /** Throws when these could not be handed over as they are wanted; asked before anything is done for them. */
  readonly check?: (connection: Connection) => unknown;
}

export interface Exchange {
  /**
   * Credentials of the connection's cloud. Rejects with `connection_…`, `purpose_…` or `cloud_…`, or with what `check`
   * throws.
   */
  credentials(
    caller: Caller,
    connectionId: string,
    wish?: Wish,
  ): Promise<Grant & { readonly pass: Credentials }>;
  /** The cloud token itself, for SDKs that make the exchange on their own. */
  token(caller: Caller, connectionId: string): Promise<{ token: string; expiresIn: number }>;
  /** A real exchange past the cache, whatever the state of the connection unless paused; for verification. */
  attempt(connection: Connection, actor: string): Promise<Credentials>;
}

/** For the whole visit to the cloud, the wait for its turn and further tries included. */
const deadlineMs = 5_000;
const maxCached = 10_000;

export function createExchange(options: {
  policy: Policy;
  issuers: Pick<Issuers, 'of'>;
  audit: Audit;
  endpoints: Endpoints;
  turns: Turns;
  outageBudget: Pick<OutageBudget, 'recordServed'>;
  now: Now;
  elapsed: Elapsed;
  /** Told of each visit to a cloud, for the metrics. */
  observe: (visit: { cloud: string; outcome: string; seconds: number }) => void;
}): Exchange {
  const { policy, issuers, audit, endpoints, turns, outageBudget, now, elapsed, observe } = options;
  const mint = async (connection: Connection, until?: number) =>
    (await issuers.of(connection)).mint(connection, until);
  const cache = createPassCache(now, elapsed, maxCached);

  /** The connection, if the client may use it so; otherwise a line in the audit and a refusal. */
  async function entrance(caller: Caller, id: string, purpose: string | null | undefined): Promise<Grant> {
    const { client, claims, source_ip, request_id } = caller;
    const named = purpose === undefined ? {} : { purpose };
    try {
      return await policy.authorize({
        client,
        connection: id,
        claims,
        ...named,
        context: { source_ip, request_id },
      });
    } catch (error) {
      if (!(error instanceof SojournError) || error.status >= 500) throw error;
      await audit.record({
        event: 'exchange.refused',
        outcome: 'refused',
        ...who(caller),
        // In the place of an id a caller may have put a token, which no log may hold.
        ...(isId('con', id) ? { connection: id } : {}),
        reason: error.cause instanceof Error ? `${error.code}: ${error.cause.message}` : error.code,
      });
      throw error;
    }
  }

  async function visit(
    connection: Connection,
    about: Pick<AuditEntry, 'actor' | 'client' | keyof RequestContext>,
    facts: NonNullable<AuditEntry['facts']> = {},
    until?: number,
  ): Promise<Credentials> {
    const destination = destinationOf(connection);
    const entry: AuditEntry = {
      event: 'exchange.succeeded',
      outcome: 'ok',
      ...about,
      connection: connection.id,
      tenant: connection.tenant,
    };
    const begun = now();
    let last: { jti?: string; kid?: string; sub?: string; aud?: string } = {};
    try {
      if (connection.paused_at) throw new SojournError('connection_paused');
      if (destination.missingFields.length > 0) throw incomplete(destination.missingFields);
      const signal = AbortSignal.timeout(deadlineMs);
      const pass = await turns.take(connection.tenant, () =>
        destination.exchange({
          connection: connection.id,
          endpoints,
          now,
          signal,
          notAfter: until,
          sign: async () => {
            const { token, jti, kid, claims } = await mint(connection, until);
            last = { jti, kid, sub: claims.sub, aud: claims.aud };
            return { token, jti };
          },
        }),
      );
      observe({ cloud: connection.cloud, outcome: 'ok', seconds: (now() - begun) / 1000 });
      await audit.record({ ...entry, ...last, facts: { ...facts, expires_at: pass.expiresAt } });
      return pass;
    } catch (error) {
      if (error instanceof SojournError && error.code === 'audit_unavailable') throw error;
      const refusal = error instanceof SojournError ? error : new SojournError('internal', { cause: error });
      observe({ cloud: connection.cloud, outcome: refusal.code, seconds: (now() - begun) / 1000 });
      await audit
        .record({
          ...entry,
          // Every 4xx is a refusal of our own; with any other status the cloud was asked, or should have been.
          event: refusal.status < 500 ? 'exchange.refused' : 'exchange.failed',
          outcome: isPassing(refusal) ? 'failed' : 'refused',
          ...last,
          ...(Object.keys(facts).length > 0 ? { facts } : {}),
          reason: `${refusal.code}: ${refusal.message}`,
        })
        .catch((failure: SojournError) => {
          throw unwritten(refusal, failure);
        });
      throw refusal;
    }
  }

  return {
    async credentials(caller, id, { purpose: named, check } = {}) {
      const { connection, purpose, notAfter: until } = await entrance(caller, id, named);
      check?.(connection);
      const narrowed = narrowedTo(connection, purpose ?? undefined);
      const facts = purpose === null ? {} : { purpose };
      const { pass, cached } = await cache.get(
        cacheKey(narrowed, until),
        () => visit(narrowed, who(caller), facts, until),
        isPassing,
      );
      // A visit takes its time, in which the grant may have been taken back.
      if (until !== undefined) await entrance(caller, id, named);
      const { tenant } = connection;
      await outageBudget.recordServed(
        { client: caller.client.client_id, connection: id, tenant, purpose },
        pass.expiresAt,
      );
      await audit.record({
        event: 'credentials.served',
        outcome: 'ok',
        ...who(caller),
        connection: connection.id,
        tenant: connection.tenant,
        facts: { ...facts, cached, expires_at: pass.expiresAt },
      });
      return { connection, purpose, notAfter: until, pass };
    },

    async token(caller, id) {
      const { connection, notAfter: until } = await entrance(caller, id, null);
      const { token, jti, kid, claims } = await mint(connection, until);
      const { sub, aud, exp, iat } = claims;
      await audit.record({
        event: 'token.issued',
        outcome: 'ok',
        ...who(caller),
        connection: connection.id,
        tenant: connection.tenant,
        jti,
        kid,
        sub,
        aud,
      });
      return { token, expiresIn: exp - iat };
    },

    attempt: (connection, actor) => visit(connection, { actor }),
  };
}

/** A connection that was changed, or narrowed, has other credentials, and so has a grant that ends at another time. */
const cacheKey = (
  { id, target, algorithm, issuer, token_ttl }: Connection,
  until: number | undefined,
): string => JSON.stringify([id, issuer, algorithm, target, token_ttl, until]);

/**
 * Faults of the moment or of ours, not refusals: they do not take away what was already given. Every 502 is a cloud's
 * answer and every 4xx our own no; what else there is says that nobody was asked, or that nobody answered.
 */
function isPassing(error: unknown): boolean {
  if (!(error instanceof SojournError)) return true;
  if (error.code === 'audit_unavailable') return isPassing(error.cause);
  return error.status >= 500 && error.status !== 502;
}

/** What takes the place of a refusal that the audit could not take: nobody is told of that one, and it stands. */
function unwritten(refusal: SojournError, { code, retryAfter }: SojournError): SojournError {
  return new SojournError(code, { cause: refusal, ...(retryAfter === undefined ? {} : { retryAfter }) });
}

const who = ({ client, source_ip, request_id }: Caller) => ({
  actor: client.client_id,
  client: client.client_id,
  source_ip,
  request_id,
});

function incomplete(missing: readonly string[]): SojournError {
  const fields = missing.map((field) => `target.${field}`).join(', ');
  return new SojournError('connection_incomplete', { detail: `The connection has no ${fields} yet.` });
}
