/** oidc-provider, set up for the token endpoint: it parses the request, authenticates the client and words its errors. */
import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import type { Clients } from '../../access/clients/index.ts';
import type { Federation } from '../../access/federation/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { adapterFor } from './adapter.ts';
import { maxAhead } from './assertion.ts';
import { type Authenticator, authenticator } from './authenticate.ts';
import { certificateFeature } from './certificate.ts';
import { replaceSecretComparison } from './client-secret.ts';
import { assertionAlgorithms, certificateMethods, tokenEndpointAuthMethods, tokenPath } from './documents.ts';
import { assertionParameters, exchangeGrant, secretParameter } from './parameters.ts';
import { replaceBody } from './request-body.ts';
import { currentProgress, type Progress } from './token-request.ts';

/** RFC 6749 section 5.1, with RFC 8693 section 2.2.1. */
export interface TokenResponse {
  readonly access_token: string;
  readonly expires_in: number;
  readonly token_type: 'Bearer';
  readonly issued_token_type?: string;
}

export interface EngineOptions {
  readonly issuer: string;
  readonly store: Store;
  readonly clients: Clients;
  readonly federation: Federation;
  readonly now: Now;
  /** Answers with the token of the authenticated client. */
  readonly grant: (ctx: Pick<KoaContextWithOIDC, 'body'>) => Promise<void>;
}

/** `clientFound`: whether the request named a client that exists and presented what that client authenticates with. */
export type EngineResult =
  | { readonly response: TokenResponse }
  | { readonly error: unknown; readonly clientFound: boolean };

export type Engine = (
  progress: Progress,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<EngineResult>;

export function createEngine(options: EngineOptions): Engine {
  const { issuer, grant } = options;
  const { matchesSecret, findClient } = authenticator(options);
  const provider = new Provider(issuer, configurationOf(options, findClient));
  replaceSecretComparison(provider, matchesSecret);
  provider.registerGrantType('client_credentials', grant, []);
  provider.registerGrantType(exchangeGrant, grant, []);
  const keepError = (_: KoaContextWithOIDC, error: unknown) => {
    currentProgress.getStore()!.error = error;
  };
  provider.on('grant.error', keepError);
  provider.on('server_error', keepError);

  const middleware = middlewareOf(provider);
  return async function runEngine(progress, request, response) {
    replaceBody(request, engineForm(progress));
    const ctx = provider.createContext(request, response) as unknown as KoaContextWithOIDC;
    await currentProgress.run(progress, middleware, ctx, noRoute);
    // No page of another origin may read a token.
    for (const name of response.getHeaderNames())
      if (name.startsWith('access-control-')) response.removeHeader(name);
    if (ctx.status === 200) return { response: ctx.body as TokenResponse };
    return { error: progress.error, clientFound: ctx.oidc?.client !== undefined };
  };
}

function configurationOf(
  { store, now, issuer }: EngineOptions,
  findClient: Authenticator['findClient'],
): Configuration {
  const off = { enabled: false } as const;
  return {
    adapter: adapterFor({ store, now, findClient }),
    routes: { token: new URL(issuer).pathname.replace(/\/$/, '') + tokenPath },
    jwks: { keys: [unusedKey] },
    clientDefaults: {
      id_token_signed_response_alg: 'ES256',
      grant_types: ['client_credentials', exchangeGrant],
      response_types: [],
      redirect_uris: [],
    },
    // `none` is for clients that have presented a token of another issuer; see authenticate.ts.
    clientAuthMethods: [...tokenEndpointAuthMethods, ...certificateMethods, 'none'],
    responseTypes: [],
    scopes: [],
    claims: {},
    enabledJWA: { clientAuthSigningAlgValues: [...assertionAlgorithms] as never },
    // assertion.ts checks exp to the second.
    clockTolerance: maxAhead,
    features: {
      mTLS: certificateFeature(now),
      clientCredentials: off,
      devInteractions: off,
      dPoP: off,
      introspection: off,
      pushedAuthorizationRequests: off,
      resourceIndicators: off,
      revocation: off,
      rpInitiatedLogout: off,
      userinfo: off,
    },
    // The Origin header means nothing here; the headers that the engine sets for it are removed.
    clientBasedCORS: () => true,
    // The caller gets our own words, and never HTML.
    renderError: async (ctx, out) => {
      ctx.body = out;
    },
  };
}

/** The engine demands a signing key. It signs nothing: tokens are signed by the key ring. */
const unusedKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });

/** What the engine needs to see: the grant, and how the client authenticates. */
function engineForm({ request: { parameters, external } }: Progress): ReadonlyMap<string, string> {
  const form = new Map<string, string>();
  for (const name of external ? ['grant_type'] : ownProof) {
    const value = parameters.get(name);
    if (value !== undefined) form.set(name, value);
  }
  return external ? form.set('client_id', external.client.client_id) : form;
}

const ownProof = ['grant_type', 'client_id', secretParameter, ...assertionParameters];

/** oidc-provider is a koa application with one middleware. */
const middlewareOf = (provider: Provider): Middleware =>
  (provider as unknown as { middleware: readonly [Middleware] }).middleware[0];

type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<unknown>;

/** Never called: the request is for the token route. */
const noRoute = (): never => {
  throw new SojournError('internal', { cause: new Error('the engine does not serve this path') });
};
