/**
 * AWS's own client, loaded only where this backend is used. The server's own credentials are found by the SDK's default
 * chain (a role of the task, the pod or the instance), so none stands in the configuration.
 */
import type {
  CreateKeyCommandInput,
  CreateKeyCommandOutput,
  GetPublicKeyCommandInput,
  GetPublicKeyCommandOutput,
  KMSClient,
  SignCommandInput,
  SignCommandOutput,
} from '@aws-sdk/client-kms';
import { send } from '../../../platform/outbound/index.ts';
import { missingPackage } from '../settings.ts';
import { explain } from './explain.ts';

/** The calls of KMS that are used; each rejects with `key_service_…`. */
export interface Kms {
  createKey(input: CreateKeyCommandInput, signal: AbortSignal): Promise<CreateKeyCommandOutput>;
  getPublicKey(input: GetPublicKeyCommandInput, signal: AbortSignal): Promise<GetPublicKeyCommandOutput>;
  sign(input: SignCommandInput, signal: AbortSignal): Promise<SignCommandOutput>;
  close(): void;
}

export async function connect(region: string, endpoint: string | null): Promise<Kms> {
  const sdk = await import('@aws-sdk/client-kms').catch((cause: unknown) => {
    throw missingPackage('@aws-sdk/client-kms', cause);
  });
  const client: KMSClient = new sdk.KMSClient({
    region,
    ...(endpoint === null ? {} : { endpoint }),
    requestHandler: { handle },
    // Trying again is decided in one place for all key services.
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard',
  });
  const told = (error: unknown): never => {
    throw explain(error);
  };
  return {
    createKey: (input, abortSignal) =>
      client.send(new sdk.CreateKeyCommand(input), { abortSignal }).catch(told),
    getPublicKey: (input, abortSignal) =>
      client.send(new sdk.GetPublicKeyCommand(input), { abortSignal }).catch(told),
    sign: (input, abortSignal) => client.send(new sdk.SignCommand(input), { abortSignal }).catch(told),
    close: () => client.destroy(),
  };
}

/** What this room reads of the SDK's requests. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Leaves through `outbound`, which writes the host and the length itself, with the values that were signed. */
async function handle(
  { protocol, hostname, port, path, headers, body }: SdkRequest,
  { abortSignal }: { readonly abortSignal: AbortSignal },
) {
  const sent = Object.entries(headers).filter(([name]) => !/^(host|content-length)$/i.test(name));
  const answer = await send({
    method: 'POST',
    url: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`,
    headers: Object.fromEntries(sent),
    body: typeof body === 'string' ? body : new TextDecoder().decode(body),
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
