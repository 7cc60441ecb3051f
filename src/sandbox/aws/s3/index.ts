/**
 * S3, path-style under `/aws/s3`: buckets, their policies and objects, as much as publishing documents needs.
 * Owns: what lies in buckets and who may read and write it. Does not own: sessions and roles, which IAM and STS make.
 */
import { createHash } from 'node:crypto';
import type { SandboxAnswer, SandboxRequest } from '../../contract.ts';
import { partitionOf } from '../accounts.ts';
import type { Caller } from '../authenticate.ts';
import { fault, faultOf } from '../fault.ts';
import { parseStatements } from '../policy/document.ts';
import type { Estate } from '../service.ts';
import { accessDenied, done, noSuchBucket, noSuchKey, refused } from './answers.ts';
import { type Bucket, isBucketName } from './buckets.ts';
import { mayDo, type S3Action } from './permission.ts';
import { signerOf } from './signature.ts';

/** Undefined when the request is for another service. */
export function s3(request: SandboxRequest, estate: Estate): SandboxAnswer | undefined {
  const [, name = '', rest] = /^\/s3\/([^/]+)(?:\/(.*))?$/.exec(request.path) ?? [];
  if (name === '') return undefined;
  const key = decodeURIComponent(rest ?? '');
  const resource = `/${name}${key && `/${key}`}`;
  const note = (outcome: string) =>
    estate.world.note({ cloud: 'aws', operation: `s3:${request.method}`, outcome, detail: { resource } });
  try {
    const caller = signerOf(request, estate.sessions, estate.world.now());
    const answer =
      key === '' ? onBucket(name, request, caller, estate) : onObject(name, key, request, caller, estate);
    note('ok');
    return answer;
  } catch (error) {
    const known = faultOf(error);
    if (!known) throw error;
    note(known.code);
    return refused(known, resource);
  }
}

/** The owner makes a bucket, and says with its policy who else may do what. */
function onBucket(
  name: string,
  { method, query, body }: SandboxRequest,
  caller: Caller | undefined,
  { buckets }: Estate,
): SandboxAnswer {
  if (caller?.kind !== 'account') throw accessDenied();
  const { accountId, region } = caller;
  const bucket = buckets.get(name);
  if (method === 'PUT' && query.has('policy')) {
    if (!bucket) throw noSuchBucket();
    if (bucket.accountId !== accountId) throw accessDenied();
    checkPolicy(body.toString());
    bucket.policy = body.toString();
    return done(204);
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
  return done(200, { location: `/${name}` });
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
  caller: Caller | undefined,
  { buckets, accounts, world }: Estate,
): SandboxAnswer {
  const action = actions[request.method];
  if (!action) throw methodNotAllowed();
  const bucket = buckets.get(name);
  if (!bucket) throw noSuchBucket();
  if (caller && caller.region !== bucket.region)
    throw fault(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${caller.region}' is wrong; expecting '${bucket.region}'`,
    );
  const accountOf = ({ session }: { session: { accountId: string } }) =>
    accounts.open(bucket.partition, session.accountId);
  if (!mayDo(caller, action, bucket, key, accountOf)) throw accessDenied();
  if (action === 's3:PutObject') return put(bucket, key, request, world.now());
  if (action === 's3:DeleteObject') {
    bucket.objects.delete(key);
    return done(204);
  }
  const found = bucket.objects.get(key);
  // Whoever may not list the bucket is not told what is missing in it.
  if (!found) throw caller?.kind === 'account' ? noSuchKey() : accessDenied();
  const { contentType, cacheControl, etag, changedAt, body } = found;
  const headers = {
    'content-type': contentType,
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    etag,
    'last-modified': new Date(changedAt).toUTCString(),
  };
  return done(200, headers, body.toString());
}

function put(
  { objects }: Bucket,
  key: string,
  { body, headers }: SandboxRequest,
  now: number,
): SandboxAnswer {
  const etag = `"${createHash('md5').update(body).digest('hex')}"`;
  objects.set(key, {
    body,
    // What S3 gives an object that came without one.
    contentType: headers['content-type'] ?? 'binary/octet-stream',
    cacheControl: headers['cache-control'],
    etag,
    changedAt: now,
  });
  return done(200, { etag });
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
