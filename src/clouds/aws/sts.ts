/**
 * The STS client of the AWS SDK, used only for its endpoints and the Query protocol. Requests are sent through `outbound`,
 * and the SDK reads no profile, environment variable or metadata service.
 */
import type {
  AssumeRoleWithWebIdentityCommandInput,
  AssumeRoleWithWebIdentityCommandOutput,
  STSClientConfig,
} from '@aws-sdk/client-sts';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { send } from '../../platform/outbound/index.ts';
import { formType, optionalText, refusalOf } from '../request.ts';
import { explain } from './explain.ts';

/** One call of AssumeRoleWithWebIdentity; rejects with `cloud_…`. */
export type AssumeRole = (
  input: AssumeRoleWithWebIdentityCommandInput,
  signal: AbortSignal,
) => Promise<AssumeRoleWithWebIdentityCommandOutput>;

const connections = new Map<string, Promise<AssumeRole>>();

/** The client of a region, created at first use: most servers need few regions, and some need no AWS. */
export function connect(region: string, endpoint: string | null): Promise<AssumeRole> {
  const key = `${region} ${endpoint}`;
  const cached = connections.get(key) ?? create(region, endpoint);
  connections.set(key, cached);
  return cached;
}

async function create(region: string, endpoint: string | null): Promise<AssumeRole> {
  const { AssumeRoleWithWebIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(settings(region, endpoint));
  return async (input, abortSignal) => {
    try {
      return await client.send(new AssumeRoleWithWebIdentityCommand(input), { abortSignal });
    } catch (error) {
      throw toSojournError(error, abortSignal);
    }
  };
}

/** Sets everything that the SDK would otherwise read from its environment. */
const settings = (region: string, endpoint: string | null): STSClientConfig => ({
  region,
  ...(endpoint === null ? {} : { endpoint }),
  ignoreConfiguredEndpointUrls: true,
  credentials: () => Promise.reject(new Error('this call is not signed')),
  requestHandler: { handle },
  // Retries are decided in one place for all clouds (retry.ts).
  maxAttempts: 1,
  retryMode: 'standard',
  defaultsMode: 'standard',
  authSchemePreference: [],
  sigv4aSigningRegionSet: [],
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  userAgentAppId: '',
  defaultUserAgentProvider: () => Promise.resolve([]),
});

/** The members of an SDK request that this module reads. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly body: string;
}

/** Sends only the content type: the environment of the process could have added other headers. */
async function handle(
  { protocol, hostname, port, path, body }: SdkRequest,
  { abortSignal }: { readonly abortSignal: AbortSignal },
) {
  const answer = await send({
    method: 'POST',
    url: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`,
    headers: { 'content-type': formType },
    body,
    signal: abortSignal,
  });
  // The SDK would put the parser's words, or none, into the mouth of STS.
  if (answer.status >= 300 && !/<Code>[^<]/.test(answer.body))
    throw refusalOf(answer, { host: hostname, step: '', error: undefined }, explain);
  return {
    response: {
      statusCode: answer.status,
      headers: answer.headers,
      body: Buffer.from(answer.body),
    },
  };
}

/** Only these four members of an SDK error are read: it also holds the whole response, with credentials. */
const sdkError = z.object({
  name: optionalText,
  Code: optionalText,
  message: optionalText,
  $metadata: z.object({ httpStatusCode: z.number() }),
});

function toSojournError(error: unknown, signal: AbortSignal): SojournError {
  if (error instanceof SojournError) return error;
  const { data } = sdkError.safeParse(error);
  // The SDK also observes the signal and can throw its own error before `outbound` does.
  if (!data && signal.aborted)
    return new SojournError('cloud_timeout', { detail: 'STS did not answer in time.' });
  if (!data || data.$metadata.httpStatusCode < 300) {
    return new SojournError('cloud_answer_unknown', {
      detail: 'The response of STS is not readable; a proxy may have sent it.',
    });
  }
  const { name, Code, message, $metadata } = data;
  return explain({
    step: 'AssumeRoleWithWebIdentity',
    status: $metadata.httpStatusCode,
    code: Code || name,
    message,
  });
}
