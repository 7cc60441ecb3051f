/** The client of one issuer: signs in, requests tokens and credentials, and caches them. */
import { createCache } from './cache.ts';
import { type CloudToken, type Credentials, parseCredentials, parseToken } from './credentials.ts';
import { isClientRefusal, SojournRequestError } from './error.ts';
import { type Call, type Fetch, request } from './request.ts';
import { parseOAuthError, parseProblem } from './response.ts';
import type { SignIn } from './sign-in.ts';
import { createSingleFlight } from './single-flight.ts';

export interface SojournOptions {
  /** https, or http on loopback. Exactly as in the server's configuration. */
  readonly issuer: string;
  readonly signIn: SignIn;
  /** For a proxy, a private certificate authority, or a client certificate. Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Aborts all current and later calls. */
  readonly signal?: AbortSignal;
}

export interface TokenOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CallOptions extends TokenOptions {
  /** A purpose of the connection, which narrows what the credentials allow. */
  readonly purpose?: string | undefined;
}

/** Every method rejects with a SojournRequestError, or with the reason of the signal. */
export interface Sojourn {
  readonly issuer: string;
  /** Credentials of the connection's cloud, cached until five minutes before they expire; concurrent callers share one request. */
  credentials(connection: string, options?: CallOptions): Promise<Credentials>;
  /** A new cloud token, for a cloud's own library to exchange. Not cached; concurrent callers share one request. */
  token(connection: string, options?: TokenOptions): Promise<CloudToken>;
  /** Credentials as text in a format of the server: `aws-process`, `env` and so on. Not cached. */
  formattedCredentials(connection: string, format: string, options?: CallOptions): Promise<string>;
}

/** The clouds' SDKs refresh their credentials five minutes before expiry. */
const credentialsMarginMs = 300_000;
const tokenMarginMs = 60_000;

/** Throws `invalid_argument` if the issuer is not a URL, or if a secret would travel unencrypted. */
export function createSojourn(options: SojournOptions): Sojourn {
  const { signIn, fetch = (...args) => globalThis.fetch(...args), now = Date.now } = options;
  const issuer = validIssuer(options.issuer);
  const apiTokens = createCache<CloudToken>(tokenMarginMs, now);
  const credentialsCache = createCache<Credentials>(credentialsMarginMs, now);
  const shareToken = createSingleFlight<CloudToken>();

  const apiToken = (callerSignal: AbortSignal): Promise<CloudToken> =>
    apiTokens.get(
      '',
      async (requestSignal) => {
        const prepare = async (signal: AbortSignal): Promise<Call> => {
          const { headers, parameters } = await signIn({ issuer, now, signal });
          return {
            url: `${issuer}/token`,
            method: 'POST',
            headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams({
              grant_type: 'client_credentials',
              resource: 'urn:sojourn:api',
              ...parameters,
            }).toString(),
          };
        };
        return parseToken(await request(prepare, parseOAuthError, fetch, requestSignal), now());
      },
      callerSignal,
    );

  async function get(path: string, signal: AbortSignal): Promise<string> {
    try {
      return await getOrRenewToken(path, signal);
    } catch (error) {
      if (isClientRefusal(error)) credentialsCache.clear();
      throw error;
    }
  }

  async function getOrRenewToken(path: string, signal: AbortSignal): Promise<string> {
    const getWith = ({ token }: CloudToken) =>
      request(
        async () => ({ url: issuer + path, method: 'GET', headers: { authorization: `Bearer ${token}` } }),
        parseProblem,
        fetch,
        signal,
      );
    const token = await apiToken(signal);
    try {
      return await getWith(token);
    } catch (error) {
      if (!(error instanceof SojournRequestError && error.code === 'unauthorized')) throw error;
      // The server's keys may have changed: retry once with a new token.
      apiTokens.forget('', token);
      return getWith(await apiToken(signal));
    }
  }

  const withClientSignal = (signal: AbortSignal | undefined): AbortSignal | undefined =>
    options.signal && signal ? AbortSignal.any([options.signal, signal]) : (options.signal ?? signal);

  return {
    issuer,
    async credentials(connection, { purpose, signal } = {}) {
      const path = pathOf(connection, 'credentials', { purpose });
      return credentialsCache.get(
        path,
        async (requestSignal) => parseCredentials(await get(path, requestSignal)),
        withClientSignal(signal),
      );
    },
    async token(connection, { signal } = {}) {
      const path = pathOf(connection, 'token');
      return shareToken(
        path,
        async (requestSignal) => parseToken(await get(path, requestSignal), now()),
        withClientSignal(signal),
      );
    },
    async formattedCredentials(connection, format, { purpose, signal } = {}) {
      const path = pathOf(connection, 'credentials', { format, purpose });
      return get(path, withClientSignal(signal) ?? new AbortController().signal);
    },
  };
}

function validIssuer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url?.hostname ?? '');
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal);
  if (!url || !isSafe || url.username || url.password || url.search || url.hash)
    throw new SojournRequestError({
      code: 'invalid_argument',
      detail: 'The issuer is not an https URL such as https://id.example.com.',
      advice: 'Use the `issuer` of the server; plain http is allowed only on loopback.',
    });
  return text.replace(/\/+$/, '');
}

function pathOf(
  connection: string,
  resource: string,
  query: Record<string, string | undefined> = {},
): string {
  // The error does not repeat the argument, which may be a secret by mistake.
  if (typeof connection !== 'string' || !/^\w{1,64}$/.test(connection))
    throw new SojournRequestError({
      code: 'invalid_argument',
      detail: 'The argument is not a connection id.',
      advice: 'Use the id, which begins with con_ (`sojourn connection list`).',
    });
  const parameters = Object.entries(query).filter(([, value]) => value !== undefined) as [string, string][];
  const search = new URLSearchParams(parameters).toString();
  return `/v1/connections/${connection}/${resource}${search && `?${search}`}`;
}
