/** Documents in S3: PutObject, signed with the session of the connection's role. */
import { createHash, createHmac } from 'node:crypto';
import { SojournError } from '../../errors/index.ts';
import type { Bucket, BucketPlace, Deposit } from '../contract.ts';
import { objectUrl, putObject } from '../deposit.ts';
import { explain } from './explain.ts';
import { regionField } from './partitions.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const form = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[\w.-]+)*)\/?$/;

export const bucket: Bucket = {
  takes: (to) => to.startsWith('s3://'),

  fault({ to, region }) {
    if (!form.test(to)) return { field: 'to', message: 'must be s3://BUCKET or s3://BUCKET/PREFIX' };
    if (region === undefined) return { field: 'region', message: 'is missing: the region of the bucket' };
    return regionField.safeParse(region).success
      ? undefined
      : { field: 'region', message: 'must be the name of a region, such as eu-central-1' };
  },

  async put(deposit) {
    const url = addressOf(deposit.place, deposit.path);
    const headers = await signed(url, deposit);
    await putObject({ url, headers, body: deposit.body, signal: deposit.signal }, explain);
  },
};

/** Where the object is: in the name of the host, as AWS wants it, or at the endpoint in the path, as emulators do. */
export function addressOf({ to, region = '', endpoint }: BucketPlace, path: string): string {
  const [, name = '', prefix = ''] = form.exec(to) ?? [];
  const domain = `${region}.amazonaws.${region.startsWith('cn-') ? 'com.cn' : region.startsWith('eusc-') ? 'eu' : 'com'}`;
  if (endpoint !== undefined) return objectUrl(endpoint, name, prefix, path);
  // The certificate of S3 covers one label before its own: a name with a dot has to stand in the path.
  return name.includes('.')
    ? objectUrl(`https://s3.${domain}`, name, prefix, path)
    : objectUrl(`https://${name}.s3.${domain}`, prefix, path);
}

async function signed(
  url: string,
  { place, body, contentType, cacheControl, pass, now }: Deposit,
): Promise<Record<string, string>> {
  const { credentials } = pass;
  if (!('access_key_id' in credentials)) throw new SojournError('internal', { cause: 'no pass of AWS' });
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({
    service: 's3',
    region: place.region ?? '',
    sha256: Sha256,
    // S3 alone takes the path as it is sent.
    uriEscapePath: false,
    credentials: {
      accessKeyId: credentials.access_key_id,
      secretAccessKey: credentials.secret_access_key,
      sessionToken: credentials.session_token,
    },
  });
  const { protocol, hostname, host, port, pathname } = new URL(url);
  const request = await signer.sign(
    {
      method: 'PUT',
      protocol,
      hostname,
      ...(port === '' ? {} : { port: Number(port) }),
      path: pathname,
      headers: { host, 'content-type': contentType, 'cache-control': cacheControl },
      body,
    },
    { signingDate: new Date(now()) },
  );
  const { host: _, ...headers } = request.headers;
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
