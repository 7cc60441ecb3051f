/**
 * Cloud Storage: buckets by the JSON API (`POST /storage/v1/b?project=ID`, `PUT /storage/v1/b/NAME/iam`), objects by the
 * XML API below `/storage/BUCKET`, as `storage.googleapis.com` has them below its root.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { SandboxAnswer, SandboxRequest } from '../contract.ts';
import { administered } from './admin.ts';
import { answer, json, type Outcome, refusal, refuse } from './answers.ts';
import { type Estate, settledBefore } from './estate.ts';
import { parseInput, textOf } from './input.ts';
import { principalOf } from './principal.ts';

/** https://cloud.google.com/storage/docs/access-control/iam-roles, by what they hold of storage.objects. */
const may = {
  create: ['objectCreator', 'objectUser', 'objectAdmin', 'admin'],
  // To write over an object is to delete what was there.
  delete: ['objectUser', 'objectAdmin', 'admin'],
  get: ['objectViewer', 'objectUser', 'objectAdmin', 'admin'],
};

const writing = ['cloud-platform', 'devstorage.read_write', 'devstorage.full_control'];

/** Undefined when the path is none of these. */
export function storage(request: SandboxRequest, estate: Estate): SandboxAnswer | undefined {
  const made = /^\/storage\/v1\/b(?:\/([^/]+)\/iam)?$/.exec(request.path);
  if (made) return made[1] === undefined ? insert(request, estate) : setPolicy(request, made[1], estate);
  const [, bucket, key] = /^\/storage\/([^/]{3,})\/(.+)$/.exec(request.path) ?? [];
  return bucket === undefined || key === undefined ? undefined : onObject(request, bucket, key, estate);
}

const resourceOf = (bucket: string): string => `buckets/${bucket}`;

function insert(request: SandboxRequest, estate: Estate): SandboxAnswer {
  const project = request.query.get('project') ?? '';
  const owner = administered(request, estate, project, `projects/${project}`, 'storage.buckets.create');
  if (!owner.ok) return refusal(owner);
  const name = textOf(parseInput(request.body)?.name);
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name))
    return refusal(refuse('INVALID_ARGUMENT', `Invalid bucket name: '${name}'`));
  if (estate.buckets.has(name))
    return refusal(refuse('ALREADY_EXISTS', 'Your previous request to create the named bucket succeeded.'));
  estate.buckets.set(name, { project: owner.value.id, objects: new Map() });
  return json(200, { kind: 'storage#bucket', id: name, name });
}

function setPolicy(request: SandboxRequest, name: string, estate: Estate): SandboxAnswer {
  const bucket = estate.buckets.get(name);
  if (!bucket || request.method !== 'PUT')
    return refusal(refuse('NOT_FOUND', 'The specified bucket does not exist.'));
  const owner = administered(request, estate, bucket.project, name, 'storage.buckets.setIamPolicy');
  if (!owner.ok) return refusal(owner);
  const policy: Outcome<unknown> = estate.policies.set(
    resourceOf(name),
    parseInput(request.body),
    estate.world.now(),
  );
  return answer(policy);
}

function onObject(request: SandboxRequest, name: string, key: string, estate: Estate): SandboxAnswer {
  const { method, headers, body } = request;
  const bucket = estate.buckets.get(name);
  if (!bucket) return error(404, 'NoSuchBucket', 'The specified bucket does not exist.');
  const caller = headers.authorization === undefined ? undefined : principalOf(headers.authorization, estate);
  if (caller && !caller.ok) return error(401, 'AuthenticationRequired', 'Authentication required.');
  const holds = (what: keyof typeof may) =>
    estate.policies.holds(
      resourceOf(name),
      caller?.value.members ?? ['allUsers'],
      may[what].map((role) => `roles/storage.${role}`),
      settledBefore(estate),
    );
  if (method === 'GET') {
    if (!holds('get')) return denied();
    const found = bucket.objects.get(key);
    if (!found) return error(404, 'NoSuchKey', 'The specified key does not exist.');
    const { contentType, cacheControl = 'public, max-age=3600' } = found;
    return {
      status: 200,
      headers: { 'content-type': contentType, 'cache-control': cacheControl },
      body: found.body,
    };
  }
  if (method !== 'PUT') return error(405, 'MethodNotAllowed', 'The specified method is not allowed.');
  const scopes = caller?.value.token.scopes ?? [];
  if (!scopes.some((scope) => writing.some((end) => scope === `https://www.googleapis.com/auth/${end}`)))
    return denied();
  if (!holds('create') || (bucket.objects.has(key) && !holds('delete'))) return denied();
  bucket.objects.set(key, {
    body: body.toString(),
    contentType: headers['content-type'] ?? 'application/octet-stream',
    cacheControl: headers['cache-control'],
  });
  return { status: 200, headers: { etag: `"${createHash('md5').update(body).digest('hex')}"` }, body: '' };
}

const denied = (): SandboxAnswer => error(403, 'AccessDenied', 'Access denied.');

const error = (status: number, code: string, message: string): SandboxAnswer => ({
  status,
  headers: { 'content-type': 'application/xml; charset=UTF-8', 'x-guploader-uploadid': randomUUID() },
  body: `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
