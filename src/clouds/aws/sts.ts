/**
 * AWS's own client, for its knowledge of endpoints and of the Query protocol, and for nothing else: the request leaves
 * through `outbound`, and no profile, variable or metadata service of the machine is ever asked for anything.
 */
import type {
  AssumeRoleWithWebIdentityCommandInput,
  AssumeRoleWithWebIdentityCommandOutput,
  STSClientConfig,
} from '@aws-sdk/client-sts';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { send } from '../../platform/outbound/index.ts';
import { formType, optionalText } from '../ask.ts';
import { explain } from './explain.ts';

/** One call of AssumeRoleWithWebIdentity; rejects with `cloud_…`. */
export type AssumeRole = (
  input: AssumeRoleWithWebIdentityCommandInput,
  signal: AbortSignal,
) => Promise<AssumeRoleWithWebIdentityCommandOutput>;

const connections = new Map<string, Promise<AssumeRole>>();

/** The client of a region, made when first wanted: most servers never enter most regions, and some enter no AWS. */
export function connect(region: string, endpoint: string | null): Promise<AssumeRole> {
  const key = `${region} ${endpoint}`;
  const known = connections.get(key) ?? create(region, endpoint);
  connections.set(key, known);
  return known;
}

async function create(region: string, endpoint: string | null): Promise<AssumeRole> {
  const { AssumeRoleWithWebIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(settings(region, endpoint));
  return async (input, abortSignal) => {
    try {
      return await client.send(new AssumeRoleWithWebIdentityCommand(input), { abortSignal });
    } catch (error) {
      throw told(error, abortSignal);
    }
  };
}

/** Every setting that the SDK would otherwise look up is set. */
const settings = (region: string, endpoint: string | null): STSClientConfig => ({
  region,
  ...(endpoint === null ? {} : { endpoint }),
  ignoreConfiguredEndpointUrls: true,
  credentials: () => Promise.reject(new Error('this call is not signed')),
  requestHandler: { handle },
  // Trying again is decided in one place for all clouds.
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

/** What this room reads of the SDK's requests. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly body: string;
}

/** Only the content type goes along: no header that the environment of the process could have brought in. */
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
  return {
    response: {
      statusCode: answer.status,
      headers: answer.headers,
      body: Buffer.from(answer.body),
    },
  };
}

/** Of an error of the SDK no more is kept than these four: it drags the whole answer along, credentials and all. */
const sdkError = z.object({
  name: optionalText,
  Code: optionalText,
  message: optionalText,
  $metadata: z.object({ httpStatusCode: z.number() }),
});

function told(error: unknown, signal: AbortSignal): SojournError {
  if (error instanceof SojournError) return error;
  const { data } = sdkError.safeParse(error);
  // The SDK listens to the signal too, and may throw an error of its own before `outbound` does.
  if (!data && signal.aborted)
    return new SojournError('cloud_timeout', { detail: 'STS did not answer in time.' });
  if (!data || data.$metadata.httpStatusCode < 300) {
    return new SojournError('cloud_answer_unknown', { detail: 'STS answered something unreadable.' });
  }
  const { name, Code, message, $metadata } = data;
  return explain({
    step: 'AssumeRoleWithWebIdentity',
    status: $metadata.httpStatusCode,
    code: Code || name,
    message,
  });
}
