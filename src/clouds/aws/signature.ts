/** Signature Version 4 with the signer of the AWS SDK: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
import { createHash, createHmac } from 'node:crypto';
import { SojournError } from '../../platform/errors/index.ts';
import type { Credentials } from '../contract/index.ts';

/** A request and the session that signs it. */
export interface UnsignedRequest {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly service: 's3' | 'sts';
  readonly region: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly credentials: Credentials;
  /** Milliseconds since the epoch. */
  readonly signedAt: number;
}

/** @returns all headers to send, with the signature and the session token */
export async function sign({
  credentials: { credentials },
  ...request
}: UnsignedRequest): Promise<Record<string, string>> {
  if (!('access_key_id' in credentials)) throw new SojournError('internal', { cause: 'not AWS credentials' });
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({
    service: request.service,
    region: request.region,
    sha256: Sha256,
    // Only S3 signs the path as sent.
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
    { signingDate: new Date(request.signedAt) },
  );
  const { host: _, ...headers } = answer.headers;
  return headers;
}

/** The hash interface of the signer: SHA-256, or HMAC-SHA-256 if there is a secret. */
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
