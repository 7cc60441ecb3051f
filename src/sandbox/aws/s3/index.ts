/**
 * S3 with path-style URLs under `/aws/s3`: buckets, bucket policies and objects, as far as mirrors need them. Owns:
 * the content of buckets and access to it. Does not own: sessions and roles (STS, IAM).
 */
import { createHash } from 'node:crypto';
import type { SandboxRequest, SandboxResponse } from '../../contract.ts';
import { partitionOf } from '../accounts.ts';
import type { Principal } from '../authenticate.ts';
import { fault, faultOf } from '../fault.ts';
import { parseStatements } from '../policy/document.ts';
import type { CloudState } from '../service.ts';
import { type Bucket, isBucketName } from './buckets.ts';
import { isAllowed, type S3Action } from './permission.ts';
import { accessDenied, errorResponse, noSuchBucket, noSuchKey, success } from './responses.ts';
import { authenticateS3 } from './signature.ts';

/** Undefined if the request is for another service. */
export function s3(request: SandboxRequest, state: CloudState): SandboxResponse | undefined {
  const [, name = '', rest] = /^\/s3\/([^/]+)(?:\/(.*))?$/.exec(request.path) ?? [];
  if (name === '') return undefined;
  const key = decodeURIComponent(rest ?? '');
  const resource = `/${name}${key && `/${key}`}`;
  const record = (outcome: string) =>
    state.runtime.record({ cloud: 'aws', operation: `s3:${request.method}`, outcome, detail: { resource } });
  try {
    const principal = authenticateS3(request, state.sessions, state.runtime.now());
    const answer =
      key === '' ? onBucket(name, request, principal, state) : onObject(name, key, request, principal, state);
    record('ok');
    return answer;
  } catch (error) {
    const known = faultOf(error);
    if (!known) throw error;
    record(known.code);
    return errorResponse(known, resource);
  }
}

/** The owner creates a bucket and sets its policy. */
function onBucket(
  name: string,
  { method, query, body }: SandboxRequest,
  principal: Principal | undefined,
  { buckets }: CloudState,
): SandboxResponse {
  if (principal?.kind !== 'account') throw accessDenied();
  const { accountId, region } = principal;
  const bucket = buckets.get(name);
  if (method === 'PUT' && query.has('policy')) {
    if (!bucket) throw noSuchBucket();
    if (bucket.accountId !== accountId) throw accessDenied();
    checkPolicy(body.toString());
    bucket.policy = body.toString();
    return success(204);
  }
  if (method !== 'PUT') throw methodNotAllowed();
  if (!isBucketName(name)) throw fault('InvalidBucketName', 'The specified bucket is not valid.');
  if (bucket)
    throw fault(
      bucket.accountId === accountId ? 'BucketAlreadyOwnedByYou' : 'BucketAlreadyExists',
      'The requested bucket name is not available.',
      409,
    );
  const partition = partitionOf(region);
  buckets.set(name, { name, accountId, partition, region, objects: new Map(), policy: undefined });
  return success(200, { location: `/${name}` });
}

const actions: Readonly<Record<string, S3Action>> = {
  PUT: 's3:PutObject',
  GET: 's3:GetObject',
  HEAD: 's3:GetObject',
  DELETE: 's3:DeleteObject',
};

function onObject(
  name: string,
  key: string,
  request: SandboxRequest,
  principal: Principal | undefined,
  { buckets, accounts, runtime }: CloudState,
): SandboxResponse {
  const action = actions[request.method];
  if (!action) throw methodNotAllowed();
  const bucket = buckets.get(name);
  if (!bucket) throw noSuchBucket();
  if (principal && principal.region !== bucket.region)
    throw fault(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${principal.region}' is wrong; expecting '${bucket.region}'`,
    );
  const accountOf = ({ session }: { session: { accountId: string } }) =>
    accounts.open(bucket.partition, session.accountId);
  if (!isAllowed(principal, action, bucket, key, accountOf)) throw accessDenied();
  if (action === 's3:PutObject') return put(bucket, key, request, runtime.now());
  if (action === 's3:DeleteObject') {
    bucket.objects.delete(key);
    return success(204);
  }
  const object = bucket.objects.get(key);
  // Without permission to list the bucket, S3 does not reveal that an object is missing.
  if (!object) throw principal?.kind === 'account' ? noSuchKey() : accessDenied();
  const { contentType, cacheControl, etag, changedAt, body } = object;
  const headers = {
    'content-type': contentType,
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    etag,
    'last-modified': new Date(changedAt).toUTCString(),
  };
  return success(200, headers, body.toString());
}

function put(
  { objects }: Bucket,
  key: string,
  { body, headers }: SandboxRequest,
  now: number,
): SandboxResponse {
  const etag = `"${createHash('md5').update(body).digest('hex')}"`;
  objects.set(key, {
    body,
    // The default type of S3.
    contentType: headers['content-type'] ?? 'binary/octet-stream',
    cacheControl: headers['cache-control'],
    etag,
    changedAt: now,
  });
  return success(200, { etag });
}

function checkPolicy(policy: string): void {
  try {
    parseStatements(policy);
  } catch (error) {
    const known = faultOf(error);
    if (!known) throw error;
    throw fault('MalformedPolicy', known.message);
  }
}

const methodNotAllowed = () =>
  fault('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
