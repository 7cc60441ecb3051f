/** The client of one issuer: it signs in, asks, and keeps what it got. */
import { oauthErrorIn, problemIn } from './answer.ts';
import { type CloudToken, type Credentials, credentialsIn, tokenIn } from './credentials.ts';
import { SojournRequestError } from './error.ts';
import { createFlights } from './flights.ts';
import { createKept } from './kept.ts';
import { type Call, type Fetch, request } from './request.ts';
import type { SignIn } from './sign-in.ts';

export interface SojournOptions {
  /** https, or http to this machine. To the letter as the server's configuration has it. */
  readonly issuer: string;
  readonly signIn: SignIn;
  /** For a proxy, a private certificate authority, or a client certificate; the global one without it. */
  readonly fetch?: Fetch;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Ends everything under way, and everything after. */
  readonly signal?: AbortSignal;
}

export interface TokenOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CallOptions extends TokenOptions {
  /** A purpose that the connection knows, which narrows what the credentials open. */
  readonly purpose?: string | undefined;
}

/** Every method rejects with a SojournRequestError, or with the reason of the signal. */
export interface Sojourn {
  readonly issuer: string;
  /** Credentials of the connection's cloud, kept until five minutes before their end; all callers share one call. */
  credentials(connection: string, options?: CallOptions): Promise<Credentials>;
  /** The cloud token itself, made at this moment, for a cloud's own library to trade; concurrent callers share one. */
  token(connection: string, options?: TokenOptions): Promise<CloudToken>;
  /** Credentials in a form of the server's, as text: `aws-process`, `env` and so on. Nothing is kept. */
  deliver(connection: string, format: string, options?: CallOptions): Promise<string>;
}

/** The clouds' SDKs renew theirs five minutes before the end. */
const credentialsMarginMs = 300_000;
const tokenMarginMs = 60_000;

/** Throws `invalid_argument` when a secret would travel unencrypted, or the issuer is no URL. */
export function createSojourn(options: SojournOptions): Sojourn {
  const { signIn, fetch = (...given) => globalThis.fetch(...given), now = Date.now } = options;
  const issuer = soundIssuer(options.issuer);
  const apiTokens = createKept<CloudToken>(tokenMarginMs, now);
  const kept = createKept<Credentials>(credentialsMarginMs, now);
  const joinToken = createFlights<CloudToken>();

  const apiToken = (signal: AbortSignal): Promise<CloudToken> =>
    apiTokens.get(
      '',
      async (ending) => {
        const prepare = async (within: AbortSignal): Promise<Call> => {
          const { headers, parameters } = await signIn({ issuer, now, signal: within });
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
        return tokenIn(await request(prepare, oauthErrorIn, fetch, ending), now());
      },
      signal,
    );

  async function get(path: string, signal: AbortSignal): Promise<string> {
    const ask = ({ token }: CloudToken) =>
      request(
        async () => ({ url: issuer + path, method: 'GET', headers: { authorization: `Bearer ${token}` } }),
        problemIn,
        fetch,
        signal,
      );
    const used = await apiToken(signal);
    try {
      return await ask(used);
    } catch (error) {
      if (!(error instanceof SojournRequestError && error.code === 'unauthorized')) throw error;
      // The server may have other keys by now: a new token is worth one more try, and no third.
      apiTokens.forget('', used);
      return ask(await apiToken(signal));
    }
  }

  const withOurs = (signal: AbortSignal | undefined): AbortSignal | undefined =>
    options.signal && signal ? AbortSignal.any([options.signal, signal]) : (options.signal ?? signal);

  return {
    issuer,
    async credentials(connection, { purpose, signal } = {}) {
      const path = pathOf(connection, 'credentials', { purpose });
      return kept.get(path, async (ending) => credentialsIn(await get(path, ending)), withOurs(signal));
    },
    async token(connection, { signal } = {}) {
      const path = pathOf(connection, 'token');
      return joinToken(path, async (ending) => tokenIn(await get(path, ending), now()), withOurs(signal));
    },
    async deliver(connection, format, { purpose, signal } = {}) {
      const path = pathOf(connection, 'credentials', { format, purpose });
      return get(path, withOurs(signal) ?? new AbortController().signal);
    },
  };
}

function soundIssuer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url?.hostname ?? '');
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal);
  if (!url || !isSafe || url.username || url.password || url.search || url.hash)
    throw new SojournRequestError({
      code: 'invalid_argument',
      detail: 'The issuer is no https URL such as https://id.example.com.',
      advice: 'Give the `issuer` of the server; plain http is for this machine alone.',
    });
  return text.replace(/\/+$/, '');
}

function pathOf(connection: string, what: string, query: Record<string, string | undefined> = {}): string {
  // The text is not repeated: a secret may stand here by mistake.
  if (typeof connection !== 'string' || !/^\w{1,64}$/.test(connection))
    throw new SojournRequestError({
      code: 'invalid_argument',
      detail: 'That is no id of a connection.',
      advice: 'Give the id, which begins with con_ (`sojourn connection list`).',
    });
  const given = Object.entries(query).filter(([, value]) => value !== undefined) as [string, string][];
  const search = new URLSearchParams(given).toString();
  return `/v1/connections/${connection}/${what}${search && `?${search}`}`;
}
