/**
 * The AWS SDK client, loaded only if this backend is used. The SDK's default credential chain finds the server's own
 * credentials (a role of the task, the pod or the instance), so the configuration contains none.
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

/** The KMS operations in use; each rejects with `key_backend_…`. */
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
    // Retries are decided in one place for all key services.
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard',
  });
  const rethrow = (error: unknown): never => {
    throw explain(error);
  };
  return {
    createKey: (input, abortSignal) =>
      client.send(new sdk.CreateKeyCommand(input), { abortSignal }).catch(rethrow),
    getPublicKey: (input, abortSignal) =>
      client.send(new sdk.GetPublicKeyCommand(input), { abortSignal }).catch(rethrow),
    sign: (input, abortSignal) => client.send(new sdk.SignCommand(input), { abortSignal }).catch(rethrow),
    close: () => client.destroy(),
  };
}

/** The members of the SDK's requests that this module reads. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Sends through `outbound`, which sets Host and Content-Length itself, to the values that the SDK signed. */
async function handle(
  { protocol, hostname, port, path, headers, body }: SdkRequest,
  { abortSignal }: { readonly abortSignal: AbortSignal },
) {
  const headersToSend = Object.entries(headers).filter(([name]) => !/^(host|content-length)$/i.test(name));
  const response = await send({
    method: 'POST',
    url: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`,
    headers: Object.fromEntries(headersToSend),
    body: typeof body === 'string' ? body : new TextDecoder().decode(body),
    signal: abortSignal,
  });
  return {
    response: {
      statusCode: response.status,
      headers: response.headers,
      body: Buffer.from(response.body),
    },
  };
}
