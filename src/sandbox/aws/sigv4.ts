/**
 * Verification of Signature Version 4:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SandboxRequest } from '../contract.ts';

export interface Authorization {
  readonly accessKeyId: string;
  /** `yyyymmdd` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const header =
  /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/** Undefined if the header has another format. */
export function parseAuthorization(value: string): Authorization | undefined {
  const [, accessKeyId, date, region, service, signed, signature] = header.exec(value) ?? [];
  if (!accessKeyId || !date || !region || !service || !signed || !signature) return undefined;
  return { accessKeyId, date, region, service, signedHeaders: signed.split(';'), signature };
}

const isoBasic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** The time of `x-amz-date` in milliseconds since the epoch, or NaN. */
export function signingTime(request: SandboxRequest): number {
  const date = request.headers['x-amz-date'] ?? '';
  return isoBasic.test(date) ? Date.parse(date.replace(isoBasic, '$1-$2-$3T$4:$5:$6Z')) : Number.NaN;
}

/** Whether this secret signed this request. The host must be a signed header. */
export function isSignedBy(secret: string, authorization: Authorization, request: SandboxRequest): boolean {
  const { date, region, service, signedHeaders, signature } = authorization;
  const time = request.headers['x-amz-date'] ?? '';
  if (!time.startsWith(date) || !signedHeaders.includes('host') || !signedHeaders.includes('x-amz-date'))
    return false;
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonicalRequest(authorization, request))].join(
    '\n',
  );
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex'));
}

function canonicalRequest({ service, signedHeaders }: Authorization, request: SandboxRequest): string {
  const [path = '/'] = request.rawUrl.split('?');
  return [
    request.method,
    // All services but S3 encode the path a second time, and only S3 requests carry the hash of the body in a header.
    service === 's3' ? path : path.split('/').map(encode).join('/'),
    canonicalQuery(request.query),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name])}`),
    '',
    signedHeaders.join(';'),
    service === 's3' ? (request.headers['x-amz-content-sha256'] ?? '') : sha256(request.body),
  ].join('\n');
}

const canonicalValue = (value = ''): string => value.trim().replace(/ +/g, ' ');

function canonicalQuery(query: URLSearchParams): string {
  const pairs = [...query].map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return pairs.sort().join('&');
}

/** RFC 3986: everything but the unreserved characters. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
