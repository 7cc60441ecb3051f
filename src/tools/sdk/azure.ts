/** The faces for the Azure SDK for JavaScript: a credential, and an assertion for the credential of its own. */
import type { CallOptions, Sojourn, TokenOptions } from './client.ts';
import { otherCloud, SojournRequestError } from './error.ts';

/** AbortSignalLike of @azure/abort-controller, which an AbortSignal is. */
interface SignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
}

/** TokenCredential of @azure/core-auth. */
export interface AzureCredential {
  getToken(
    scopes: string | string[],
    options?: { abortSignal?: SignalLike },
  ): Promise<{ token: string; expiresOnTimestamp: number }>;
}

export interface AzureOptions extends CallOptions {
  /** The scope of the connection's target; the resource manager of the public cloud without it. */
  readonly scope?: string;
}

/**
 * A credential: `new ResourceManagementClient(azureCredential(sojourn, 'con_…'), subscription)`. A connection is for one
 * scope, so `getToken` rejects with `invalid_argument` for any other; and with every other SojournRequestError.
 */
export function azureCredential(
  sojourn: Sojourn,
  connection: string,
  { scope = 'https://management.azure.com/.default', ...options }: AzureOptions = {},
): AzureCredential {
  return {
    async getToken(scopes, { abortSignal } = {}) {
      const asked = [scopes].flat();
      if (asked.length !== 1 || asked[0] !== scope) throw otherScope(scope, asked);
      const signal = bothOf(options.signal, abortSignal);
      const given = await sojourn.credentials(connection, { ...options, signal });
      if (given.cloud !== 'azure') throw otherCloud('azureCredential', given.cloud);
      return { token: given.accessToken, expiresOnTimestamp: given.expiresAt.valueOf() };
    },
  };
}

/**
 * For a credential that makes the exchange itself and may ask for any scope that the customer granted:
 * `new ClientAssertionCredential(tenantId, clientId, azureClientAssertion(sojourn, 'con_…'))`.
 */
export function azureClientAssertion(
  sojourn: Sojourn,
  connection: string,
  options: TokenOptions = {},
): () => Promise<string> {
  return async () => (await sojourn.token(connection, options)).token;
}

const otherScope = (scope: string, asked: readonly string[]) =>
  new SojournRequestError({
    code: 'invalid_argument',
    detail: `This credential is for the scope ${scope} alone, and was asked for ${asked.join(' and ')}.`,
    advice: 'Use a connection with that scope in its target, and name the scope to azureCredential.',
  });

function bothOf(ours: AbortSignal | undefined, theirs: SignalLike | undefined): AbortSignal | undefined {
  if (theirs === undefined) return ours;
  const ending = new AbortController();
  if (theirs.aborted) ending.abort();
  theirs.addEventListener('abort', () => ending.abort());
  return ours ? AbortSignal.any([ours, ending.signal]) : ending.signal;
}
