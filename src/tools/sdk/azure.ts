/** Adapters for the Azure SDK for JavaScript: a credential, and an assertion for its ClientAssertionCredential. */
import type { CallOptions, Sojourn, TokenOptions } from './client.ts';
import { SojournRequestError, wrongCloud } from './error.ts';

/** AbortSignalLike of @azure/abort-controller, which AbortSignal implements. */
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
  /** The scope of the connection's target. Default: Azure Resource Manager of the public cloud. */
  readonly scope?: string;
}

/**
 * A credential: `new ResourceManagementClient(azureCredential(sojourn, 'con_…'), subscription)`. A connection has one
 * scope, so `getToken` rejects with `invalid_argument` for any other. Rejects with a SojournRequestError.
 */
export function azureCredential(
  sojourn: Sojourn,
  connection: string,
  { scope = 'https://management.azure.com/.default', ...options }: AzureOptions = {},
): AzureCredential {
  return {
    async getToken(scopes, { abortSignal } = {}) {
      const requested = [scopes].flat();
      if (requested.length !== 1 || requested[0] !== scope) throw wrongScope(scope, requested);
      const signal = combineSignals(options.signal, abortSignal);
      const credentials = await sojourn.credentials(connection, { ...options, signal });
      if (credentials.cloud !== 'azure') throw wrongCloud('azureCredential', 'azure', credentials.cloud);
      return { token: credentials.accessToken, expiresOnTimestamp: credentials.expiresAt.valueOf() };
    },
  };
}

/**
 * For a credential that does the exchange itself and can request any scope that the customer granted:
 * `new ClientAssertionCredential(tenantId, clientId, azureClientAssertion(sojourn, 'con_…'))`.
 */
export function azureClientAssertion(
  sojourn: Sojourn,
  connection: string,
  options: TokenOptions = {},
): () => Promise<string> {
  return async () => (await sojourn.token(connection, options)).token;
}

const wrongScope = (scope: string, requested: readonly string[]) =>
  new SojournRequestError({
    code: 'invalid_argument',
    detail: `This credential is only for the scope ${scope}. The request is for ${requested.join(' and ')}.`,
    advice: 'Use a connection with that scope in its target, and pass the scope to azureCredential.',
  });

function combineSignals(
  ours: AbortSignal | undefined,
  theirs: SignalLike | undefined,
): AbortSignal | undefined {
  if (theirs === undefined) return ours;
  const controller = new AbortController();
  if (theirs.aborted) controller.abort();
  theirs.addEventListener('abort', () => controller.abort());
  return ours ? AbortSignal.any([ours, controller.signal]) : controller.signal;
}
