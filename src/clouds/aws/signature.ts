/** Signature Version 4, by AWS's own signer: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
import { createHash, createHmac } from 'node:crypto';
import { SojournError } from '../../platform/errors/index.ts';
import type { Credentials } from '../contract.ts';

/** What is signed, and with whose session. */
export interface ToSign {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly service: 's3' | 'sts';
  readonly region: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly pass: Credentials;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The headers to send, signature and session token among them. */
export async function signed({ pass, ...request }: ToSign): Promise<Record<string, string>> {
  const { credentials } = pass;
  if (!('access_key_id' in credentials)) throw new SojournError('internal', { cause: 'no pass of AWS' });
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({
    service: request.service,
    region: request.region,
    sha256: Sha256,
    // S3 alone takes the path as it is sent.
    uriEscapePath: request.service !== 's3',
    credentials: {
      accessKeyId: credentials.access_key_id,
      secretAccessKey: credentials.secret_access_key,
      sessionToken: credentials.session_token,
    },
  });
  const { protocol, hostname, host, port, pathname } = new URL(request.url);
  const answer = await signer.sign(
    {
      method: request.method,
      protocol,
      hostname,
      ...(port === '' ? {} : { port: Number(port) }),
      path: pathname,
      headers: { host, ...request.headers },
      body: request.body,
    },
    { signingDate: new Date(request.at) },
  );
  const { host: _, ...headers } = answer.headers;
  return headers;
}

/** What the signer wants of a hash: SHA-256, or HMAC with it when there is a secret. */
class Sha256 {
  readonly #secret: Uint8Array | undefined;
  #data: Uint8Array[] = [];

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : bytes(secret);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#data.push(bytes(data));
  }

  async digest(): Promise<Uint8Array> {
    const hash = this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
    for (const part of this.#data) hash.update(part);
    return new Uint8Array(hash.digest());
  }

  reset(): void {
    this.#data = [];
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
