/** One issuer: its documents, its token endpoint, and the tokens that it signs. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Client, Clients } from '../../access/clients/index.ts';
import type { Connections, ResolvedConnection } from '../../access/connections/index.ts';
import type { Federation } from '../../access/federation/index.ts';
import type { Policy, WorkloadClaims } from '../../access/policy/index.ts';
import type { Suspensions } from '../../access/suspension/index.ts';
import type { Algorithm, SignedToken } from '../../clouds/index.ts';
import type { Audit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { RequestLimits } from '../../platform/limits/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Keyring } from '../keys/index.ts';
import { apiHeader, apiResource, type Claims, ownAlgorithm, secretClaim, workloadClaims } from './claims.ts';
import { discoveryDocument, documentMaxAge, type FixedDocument, jwksDocument } from './documents.ts';
import { createEngine, type Engine, type TokenResponse } from './engine.ts';
import { externalTokenIn, findExternal } from './external.ts';
import { createGrantHandler, describeCloudToken, newJti, type UnsignedToken } from './issue-token.ts';
import { signJws } from './jws.ts';
import { readParameters } from './parameters.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Progress, TokenRequest } from './token-request.ts';

/** A POST to /token as it arrives. */
export interface IncomingTokenRequest extends Pick<TokenRequest, 'context' | 'certificate'> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** From `peekBody`. */
  readonly body: Promise<string>;
}

/** Media types without `application/` (RFC 7515 section 4.1.9): security event tokens (RFC 8417) and verifications. */
export type StatementType = 'secevent+jwt' | 'sojourn-verification+jwt';

export type Statement = Readonly<Record<string, unknown>> & { readonly sub?: never; readonly exp?: never };

/** The answer to a request to /token. */
export type TokenAnswer = { readonly response: TokenResponse } | { readonly refusal: Refusal };

export interface Issuer {
  /** The `iss` of its tokens. */
  readonly url: string;
  discovery(): FixedDocument;
  jwks(): FixedDocument;
  /** The answer to a request to /token. It is in the audit by then. */
  token(incoming: IncomingTokenRequest): Promise<TokenAnswer>;
  /** Signs a cloud token that expires no later than `notAfter`, in milliseconds. */
  sign(
    resolved: ResolvedConnection,
    notAfter?: number,
  ): Promise<SignedToken & { readonly kid: string; readonly claims: Claims }>;
  /** What `sign` would sign now. Signs nothing. */
  preview(resolved: ResolvedConnection): UnsignedToken;
  /** Signs a statement of this server. Every cloud refuses it as a token: it has its own typ, no sub and no exp. */
  signStatement(typ: StatementType, claims: Statement): Promise<string>;
  /** The client of an API token, and the workload claims in it. Rejects with `unauthorized`. */
  authenticateApiToken(
    apiToken: string,
  ): Promise<{ readonly client: Client; readonly claims: WorkloadClaims }>;
  /** Call it when the keys have changed. */
  reloadKeys(): void;
}

export interface IssuerOptions {
  readonly issuer: string;
  readonly ttl: number;
  readonly store: Store;
  readonly clients: Clients;
  /** Finds the client of an API token; `clients` by default. */
  readonly apiClients?: Pick<Clients, 'find'>;
  readonly federation: Federation;
  /** The shared issuer's URL: a token that this server signed never authenticates a client. */
  readonly self: string;
  readonly connections: Connections;
  readonly policy: Policy;
  readonly suspensions: Pick<Suspensions, 'assertIssuing'>;
  readonly keyring: Keyring;
  readonly algorithms: readonly Algorithm[];
  readonly audit: Audit;
  readonly limits: Pick<RequestLimits, 'countClient'>;
  readonly logger: Logger;
  readonly now: Now;
  /** Whether it issues tokens for our own API. The shared issuer does. */
  readonly api: boolean;
  /** Whether clients can authenticate with a certificate. */
  readonly certificates: boolean;
}

export function createIssuer(options: IssuerOptions): Issuer {
  const { issuer, clients, keyring, algorithms, now } = options;
  const maxAge = documentMaxAge(keyring.timing.publishLead);
  const grant = createGrantHandler(options);
  // Created for the first token: an engine takes 35 KB, and most tenants' issuers are idle most of the time.
  let engine: Engine | undefined;

  // RS256 first: OpenID Connect Discovery requires it.
  const discovery = discoveryDocument(
    issuer,
    algorithms.toSorted().toReversed(),
    maxAge,
    options.certificates,
  );
  const build = () => ({
    jwks: jwksDocument(keyring.publicKeys(), maxAge),
    verify: once(() => createLocalJWKSet({ keys: keyring.publicKeys().map((jwk) => ({ ...jwk })) })),
  });
  let current = build();

  return {
    url: issuer,
    discovery: () => discovery,
    jwks: () => current.jwks,

    async token({ request, response, body, ...sent }) {
      let progress: Progress = { request: { ...sent, parameters: new Map() } };
      try {
        const parameters = readParameters(await body);
        progress = { request: { ...sent, parameters } };
        const compact = externalTokenIn(parameters, request.headers.authorization);
        if (compact !== undefined) {
          const external = await findExternal(options, compact, parameters.get('client_id'));
          progress = { request: { ...sent, parameters, external }, client: external.client };
        }
        engine ??= createEngine({ ...options, grant });
        const result = await engine(progress, request, response);
        if ('response' in result) return result;
        return { refusal: await refuse(options, progress, result.error, result.clientFound) };
      } catch (error) {
        return { refusal: await refuse(options, progress, error, false) };
      }
    },

    async sign(resolved, notAfter) {
      const { header, claims } = describeCloudToken(options, resolved, newJti(), notAfter);
      return { token: await signJws(keyring, header, claims), jti: claims.jti, kid: header.kid, claims };
    },

    async signStatement(typ, claims) {
      const { alg, kid } = keyring.active(ownAlgorithm(algorithms));
      return signJws(keyring, { alg, typ, kid }, { ...claims, iss: issuer });
    },

    preview: (resolved) => describeCloudToken(options, resolved, 'a new one for each token', undefined),

    async authenticateApiToken(apiToken) {
      try {
        const { payload } = await jwtVerify(apiToken, current.verify(), {
          issuer,
          audience: apiResource,
          typ: apiHeader.typ,
          algorithms: [...algorithms],
          requiredClaims: ['sub', 'exp', 'jti'],
          clockTolerance: clockSkewSeconds,
          currentDate: new Date(now()),
        });
        const client = await (options.apiClients ?? clients).find(String(payload.sub));
        if (client && !client.disabled && hasSecret(client, payload[secretClaim]))
          return { client, claims: workloadClaimsIn(payload) };
      } catch (cause) {
        if (cause instanceof SojournError) throw cause;
        throw new SojournError('unauthorized', { cause });
      }
      throw new SojournError('unauthorized');
    },

    reloadKeys() {
      current = build();
    },
  };
}

/** Clock skew between replicas, in seconds: a token may reach a replica whose clock is milliseconds behind. */
const clockSkewSeconds = 5;

/** Deleting a secret ends the API tokens that it has brought. */
const hasSecret = ({ secrets }: Client, id: unknown): boolean =>
  id === undefined || secrets.some((secret) => secret.id === id);

/** Anything of another form counts as no claims. */
const workloadClaimsIn = (payload: Readonly<Record<string, unknown>>): WorkloadClaims =>
  workloadClaimsForm.safeParse(payload[workloadClaims]).data ?? {};

const workloadClaimsForm = z.record(z.string(), z.string());

/** Creates the value when it is needed first. */
function once<T extends object>(create: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= create();
    return value;
  };
}
