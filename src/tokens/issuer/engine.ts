/** oidc-provider, set up for the one thing that it does here: client_credentials at /token. */
import type Koa from 'koa';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import type { Clients } from '../../access/clients/index.ts';
import type { Federation } from '../../access/federation/index.ts';
import type { Audit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { RequestLimits } from '../../platform/limits/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import type { KeyRecord } from '../keys/index.ts';
import { adapterFor } from './adapter.ts';
import { keysToVerify, maxAhead } from './assertion.ts';
import { certificateFeature } from './certificate.ts';
import { describeToken, resourceOf } from './claims.ts';
import { assertionAlgorithms, certificateMethods, tokenEndpointAuthMethods } from './documents.ts';
import { recordIssue, recordRefusal, recordReplaced } from './record.ts';
import { type Refusal, refusalOf } from './refusal.ts';
import { defaultResource, type ResourceOptions, resourceServerInfo } from './resource.ts';
import { RingSigningKey, type Sign } from './signing-key.ts';
import type { Visit } from './visit.ts';

export interface EngineOptions extends ResourceOptions {
  readonly store: Store;
  readonly clients: Clients;
  readonly federation: Federation;
  readonly audit: Audit;
  readonly logger: Logger;
  readonly now: Now;
  readonly sign: Sign;
  readonly limits: Pick<RequestLimits, 'countClient'>;
  readonly visitOf: (ctx: KoaContextWithOIDC) => Visit;
}

/** One engine per set of signing keys: oidc-provider takes its keys once, so a change of keys is a new engine. */
export function createEngine(options: EngineOptions, keys: readonly KeyRecord[]): Provider {
  const { issuer, store, clients, federation, now, logger, visitOf } = options;
  const off = { enabled: false } as const;
  const configuration: Configuration = {
    adapter: adapterFor({
      store,
      clients,
      now,
      found: (client) => {
        const visit = visitOf(currentContext());
        if (client) visit.client = client;
        // It was there when it proved itself, and has been disabled or removed since.
        else delete visit.client;
      },
      keysOf: async (client) => {
        const assertion = visitOf(currentContext()).parameters.get('client_assertion');
        const judging = { issuer, federation, now: toSeconds(now()) };
        return assertion === undefined ? undefined : keysToVerify(assertion, client, judging);
      },
    }),
    jwks: { keys: keys.map((key) => new RingSigningKey(key, options.sign)) } as never,
    clientDefaults: {
      id_token_signed_response_alg: keys[0]?.alg ?? 'RS256',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
    clientAuthMethods: [...tokenEndpointAuthMethods, ...certificateMethods],
    responseTypes: [],
    scopes: [],
    claims: {},
    enabledJWA: { clientAuthSigningAlgValues: [...assertionAlgorithms] as never },
    // Its claims have been judged before it gets here, exp to the second.
    clockTolerance: maxAhead,
    // A number here would silently beat the life that the resource asks for.
    ttl: { ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? options.ttl },
    features: {
      clientCredentials: { enabled: true },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      resourceIndicators: {
        enabled: true,
        // The first of the engine's steps at which the client has proven itself, and before it asks for a signature.
        defaultResource: async (ctx) =>
          defaultResource(options.connections, await counted(options, visitOf(ctx))),
        getResourceServerInfo: async (ctx, resource) =>
          resourceServerInfo(options, await counted(options, visitOf(ctx)), resource) as never,
      },
      mTLS: certificateFeature({ visitOf, now }),
      devInteractions: off,
      dPoP: off,
      introspection: off,
      pushedAuthorizationRequests: off,
      revocation: off,
      rpInitiatedLogout: off,
      userinfo: off,
    },
    formats: {
      customizers: {
        jwt: async (ctx, _token, jwt) => {
          const visit = visitOf(ctx);
          const { iat, exp, jti } = jwt.payload as { iat: number; exp: number; jti: string };
          const { header, claims } = describeToken(issuer, visit, { iat, ttl: exp - iat, jti });
          // Once nothing about the request can be refused: a foreign token is used up by what is issued for it.
          visit.giveBack = await visit.proven?.take(resourceOf(visit));
          // Before the signature: a token that is not in the audit is never made.
          await recordIssue(options.audit, visit, claims);
          await noteSecret(options, visit);
          jwt.header = { ...header };
          jwt.payload = { ...claims };
        },
      },
    },
  };

  const provider = new Provider(issuer, configuration);
  compareHashes(provider, options);
  const refused = (visit: Visit, error: unknown) => {
    visit.refusal = error;
  };
  provider.on('grant.error', (ctx, error) => refused(visitOf(ctx), error));
  provider.on('server_error', (ctx, error) => refused(visitOf(ctx), error));
  (provider as Koa).on('error', (err: unknown) => logger.error({ err }, 'the token engine failed'));
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.status !== 200) return answerRefusal(options, ctx as KoaContextWithOIDC);
    const { issuedTokenType } = visitOf(ctx as KoaContextWithOIDC).proven ?? {};
    if (issuedTokenType) ctx.body = { ...(ctx.body as object), issued_token_type: issuedTokenType };
  });
  return provider;
}

/** The visit, once it is counted as one of its client's; rejects with `rate_limited`. */
async function counted({ limits }: EngineOptions, visit: Visit): Promise<Visit> {
  if (visit.client && !visit.counted) {
    visit.counted = true;
    await limits.countClient(visit.client.client_id, visit);
  }
  return visit;
}

/** What became known by a secret that was good: nothing that could keep the token back. */
async function noteSecret({ clients, audit, logger }: EngineOptions, visit: Visit): Promise<void> {
  const { client, secret } = visit;
  if (!client || secret === undefined) return;
  try {
    const replaced = await clients.used(client, secret);
    if (replaced !== undefined) await recordReplaced(audit, visit, replaced);
  } catch (err) {
    logger.warn({ err, client: client.client_id }, 'the use of a secret cannot be noted');
  }
}

/** The audit or the signature has failed since: the workload may have no other token to try again with. */
async function giveBack({ logger }: EngineOptions, visit: Visit): Promise<void> {
  try {
    await visit.giveBack?.();
  } catch (err) {
    logger.warn({ err, request_id: visit.request_id }, 'a token that nothing was issued for stays used up');
  }
}

/** Inside the engine's hooks that are not handed their context. */
function currentContext(): KoaContextWithOIDC {
  const { ctx } = Provider;
  if (!ctx) throw new SojournError('internal', { cause: new Error('outside of a request') });
  return ctx;
}

/**
 * The engine would compare the secret itself, which it does not have: only its hash is kept. A federated client has none;
 * what counts is that this very visit has proven it.
 */
function compareHashes(provider: Provider, { clients, visitOf }: EngineOptions): void {
  provider.Client.prototype.compareClientSecret = (given: string) => {
    const visit = visitOf(currentContext());
    const { client, proven } = visit;
    if (client && proven) return client.client_id === proven.client.client_id;
    visit.secret = clients.secretIn(client, given);
    return visit.secret !== undefined;
  };
}

async function answerRefusal(options: EngineOptions, ctx: KoaContextWithOIDC): Promise<void> {
  const visit = options.visitOf(ctx);
  await giveBack(options, visit);
  visit.refused = await refuse(options, visit, ctx.oidc?.client !== undefined);
  const { status, headers, body } = visit.refused;
  ctx.status = status;
  ctx.set(headers);
  ctx.body = body;
}

/** The answer to a visit that has failed, once it is in the audit. */
export async function refuse(
  { audit, logger }: Pick<EngineOptions, 'audit' | 'logger'>,
  visit: Visit,
  authenticated: boolean,
): Promise<Refusal> {
  const withAssertion = visit.parameters.has('client_assertion');
  const refusal = refusalOf(visit.refusal, { authenticated, withAssertion });
  if (refusal.status >= 500)
    logger.error({ err: visit.refusal, request_id: visit.request_id }, 'a token request failed');
  // A flood is told by whoever counts it, once.
  if (visit.refusal instanceof SojournError && visit.refusal.code === 'rate_limited') return refusal;
  try {
    await recordRefusal(audit, visit, refusal);
    return refusal;
  } catch (error) {
    return refusalOf(error, { authenticated, withAssertion });
  }
}
