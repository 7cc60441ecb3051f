/** One issuer: its documents, its token endpoint, and the tokens that it signs. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { z } from 'zod';
import { withinGrant } from '../../access/approvals/index.ts';
import type { Presented } from '../../access/certificates/index.ts';
import type { Client, Clients } from '../../access/clients/index.ts';
import { type Connection, type Connections, tokenSecondsOf } from '../../access/connections/index.ts';
import type { Federation } from '../../access/federation/index.ts';
import type { Policy, WorkloadClaims } from '../../access/policy/index.ts';
import type { Algorithm, SignedToken } from '../../clouds/index.ts';
import type { Audit, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { RequestLimits } from '../../platform/limits/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import type { KeyRecord, Keyring } from '../keys/index.ts';
import {
  apiHeader,
  apiResource,
  type Claims,
  cloudClaims,
  cloudHeader,
  ownAlgorithm,
  workloadClaims,
} from './claims.ts';
import { discoveryDocument, documentMaxAge, type FixedDocument, jwksDocument } from './documents.ts';
import { createEngine, type EngineOptions, refuse } from './engine.ts';
import { engineRequest } from './engine-request.ts';
import { foreignTokenIn, type Proven, proveForeign } from './foreign.ts';
import { signJws } from './jws.ts';
import { readParameters } from './parameters.ts';
import type { Refusal } from './refusal.ts';
import type { Visit } from './visit.ts';

/** A POST to /token whose body has been read. */
export interface TokenRequest extends RequestContext {
  readonly original: IncomingMessage;
  readonly body: string;
  /** The client certificate that came with it. */
  readonly certificate: () => Presented;
}

/** Media types without `application/` (RFC 7515 section 4.1.9): security event tokens (RFC 8417), reports on connections. */
export type StatementType = 'secevent+jwt' | 'sojourn-verification+jwt';

export type Statement = Readonly<Record<string, unknown>> & { readonly sub?: never; readonly exp?: never };

/** How a request to /token has ended. */
export interface Ending {
  /** Undefined when it has got its token. */
  readonly refusal?: Refusal | undefined;
  /** Whether the answer is sent; a request that the engine never saw is still to be answered. */
  readonly sent: boolean;
}

export interface Issuer {
  /** What stands in `iss`. */
  readonly url: string;
  discovery(): FixedDocument;
  jwks(): FixedDocument;
  /** Answers on `response`, if it gets so far. */
  token(request: TokenRequest, response: ServerResponse): Promise<Ending>;
  /** The answer to a request that could not even be read, once it is in the audit. */
  refuse(context: RequestContext, error: SojournError): Promise<Refusal>;
  /** Signs a cloud token for the exchange, which ends no later than `until`, in milliseconds. */
  mint(
    connection: Connection,
    until?: number,
  ): Promise<SignedToken & { readonly kid: string; readonly claims: Claims }>;
  /** What `mint` would sign at this moment; nothing is signed. */
  preview(connection: Connection): {
    readonly header: Readonly<Record<string, string>>;
    readonly claims: Claims;
  };
  /**
   * Signs what this server says of itself. Never a way into a cloud: with its own typ, and without sub and exp, each of
   * the clouds refuses it.
   */
  state(typ: StatementType, claims: Statement): Promise<string>;
  /** The client that an API token belongs to, and the claims that went along with it. Rejects with `unauthorized`. */
  callerOf(apiToken: string): Promise<{ readonly client: Client; readonly claims: WorkloadClaims }>;
  /** To be called when the keys have changed. */
  renew(): void;
}

export interface IssuerOptions {
  readonly issuer: string;
  readonly ttl: number;
  readonly store: Store;
  readonly clients: Clients;
  readonly federation: Federation;
  /** The main issuer's URL: what this server signs is never a way into it again. */
  readonly self: string;
  readonly connections: Connections;
  readonly policy: Policy;
  readonly keyring: Keyring;
  readonly algorithms: readonly Algorithm[];
  readonly audit: Audit;
  readonly limits: Pick<RequestLimits, 'countClient'>;
  readonly logger: Logger;
  readonly now: Now;
  /** Whether it gives tokens for our own API; one issuer of a server does. */
  readonly api: boolean;
  /** Whether clients can come with a certificate. */
  readonly certificates: boolean;
}

export function createIssuer(options: IssuerOptions): Issuer {
  const { issuer, ttl, clients, keyring, algorithms, now } = options;
  const maxAge = documentMaxAge(keyring.timing.publishLead);
  const visits = new WeakMap<IncomingMessage, Visit>();
  const engineOptions: Omit<EngineOptions, 'active'> = {
    ...options,
    sign: (kid, data) => keyring.sign(kid, data),
    visitOf: (ctx: KoaContextWithOIDC) => visits.get(ctx.req) ?? lostVisit(),
  };

  // RS256 first: it is the one that OpenID Connect Discovery wants to see.
  const discovery = discoveryDocument(
    issuer,
    algorithms.toSorted().toReversed(),
    maxAge,
    options.certificates,
  );
  const build = () => ({
    jwks: jwksDocument(keyring.jwks(), maxAge),
    verify: once(() => createLocalJWKSet({ keys: keyring.jwks().map((jwk) => ({ ...jwk })) })),
    // Only when the first token is asked for: most tenants' issuers are silent most of the time.
    engine: once(() => {
      const keys = keyring.list().filter((key) => key.state === 'active');
      return createEngine({ ...engineOptions, active: (alg) => keyFor(alg, keys) }, keys).callback();
    }),
  });
  let current = build();

  const describe = (connection: Connection, jti: string, until?: number) => {
    const { alg, kid } = keyring.active(connection.algorithm);
    const life = withinGrant(tokenSecondsOf(connection, ttl), until, now());
    const occasion = { iat: toSeconds(now()), ttl: life, jti };
    return { header: { alg, ...cloudHeader, kid }, claims: cloudClaims(connection, occasion) };
  };

  return {
    url: issuer,
    discovery: () => discovery,
    jwks: () => current.jwks,

    async token({ original, body, ...context }, response) {
      let parameters: ReadonlyMap<string, string> = new Map();
      let proven: Proven | undefined;
      let client: Client | undefined;
      try {
        parameters = readParameters(body);
        const foreign = foreignTokenIn(parameters, original.headers.authorization);
        if (foreign !== undefined)
          proven = await proveForeign({ ...options, issuer: options.self }, foreign, parameters, (one) => {
            client = one;
          });
      } catch (refusal) {
        const visit: Visit = { ...context, parameters, refusal, ...(client ? { client } : {}) };
        return { refusal: await refuse(options, visit, false), sent: false };
      }
      const visit: Visit = proven
        ? { ...context, parameters: proven.parameters, proven }
        : { ...context, parameters };
      const rebuilt = engineRequest(issuer, original, visit.parameters);
      visits.set(rebuilt, visit);
      await current.engine()(rebuilt, response);
      return { refusal: visit.refused, sent: true };
    },

    refuse: (context, refusal) => refuse(options, { ...context, parameters: new Map(), refusal }, false),

    async mint(connection, until) {
      const jti = randomBytes(16).toString('base64url');
      const { header, claims } = describe(connection, jti, until);
      return { token: await signJws(keyring, header, claims), jti, kid: header.kid, claims };
    },

    async state(typ, claims) {
      const { alg, kid } = keyring.active(ownAlgorithm(algorithms));
      return signJws(keyring, { alg, typ, kid }, { ...claims, iss: issuer });
    },

    preview: (connection) => describe(connection, 'a new one for each token'),

    async callerOf(apiToken) {
      try {
        const { payload } = await jwtVerify(apiToken, current.verify(), {
          issuer,
          audience: apiResource,
          typ: apiHeader.typ,
          algorithms: [...algorithms],
          requiredClaims: ['sub', 'exp', 'jti'],
          clockTolerance: apartSeconds,
          currentDate: new Date(now()),
        });
        const client = await clients.find(String(payload.sub));
        if (client && !client.disabled) return { client, claims: carriedIn(payload) };
      } catch (cause) {
        if (cause instanceof SojournError) throw cause;
        throw new SojournError('unauthorized', { cause });
      }
      throw new SojournError('unauthorized');
    },

    renew() {
      current = build();
    },
  };
}

/**
 * Of the keys that an engine was made with: a request that waited while they retired finishes with one of them, as the
 * ring allows for a while, since its engine knows no other.
 */
function keyFor(alg: Algorithm, keys: readonly KeyRecord[]): KeyRecord {
  const key = keys.find((one) => one.alg === alg);
  if (key) return key;
  throw new SojournError('keys_unavailable', { detail: `No ${alg} key is active.`, retryAfter: 1 });
}

/**
 * How far apart the clocks of replicas may be: synchronized ones differ by milliseconds, which is enough for a token to
 * come to one that takes it for signed in the future.
 */
const apartSeconds = 5;

/** We have signed it; whatever is not of this form is a claim that is not there. */
const carriedIn = (payload: Readonly<Record<string, unknown>>): WorkloadClaims =>
  carriedForm.safeParse(payload[workloadClaims]).data ?? {};

const carriedForm = z.record(z.string(), z.string());

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function lostVisit(): never {
  throw new SojournError('internal', { cause: new Error('a request that came in by no door') });
}
