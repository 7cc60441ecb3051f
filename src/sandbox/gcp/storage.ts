/**
 * Cloud Storage: buckets through the JSON API (`POST /storage/v1/b?project=ID`, `PUT /storage/v1/b/NAME/iam`),
 * objects through the XML API under `/storage/BUCKET`, which is `storage.googleapis.com/BUCKET` in Google Cloud.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { SandboxRequest, SandboxResponse } from '../contract.ts';
import { administered } from './admin.ts';
import { type CloudState, settledBefore } from './cloud-state.ts';
import { parseInput, textOf } from './input.ts';
import { principalOf } from './principal.ts';
import { answer, json, type Outcome, refusal, refuse } from './responses.ts';

/**
 * https://cloud.google.com/storage/docs/access-control/iam-roles: roles by the storage.objects permissions they
 * contain.
 */
const rolesWith = {
  create: ['objectCreator', 'objectUser', 'objectAdmin', 'admin'],
  // Overwriting an object requires the permission to delete it.
  delete: ['objectUser', 'objectAdmin', 'admin'],
  get: ['objectViewer', 'objectUser', 'objectAdmin', 'admin'],
};

const writeScopes = ['cloud-platform', 'devstorage.read_write', 'devstorage.full_control'];

/** Undefined if the path does not match. */
export function storage(request: SandboxRequest, state: CloudState): SandboxResponse | undefined {
  const bucketPath = /^\/storage\/v1\/b(?:\/([^/]+)\/iam)?$/.exec(request.path);
  if (bucketPath)
    return bucketPath[1] === undefined ? insert(request, state) : setPolicy(request, bucketPath[1], state);
  const [, bucket, key] = /^\/storage\/([^/]{3,})\/(.+)$/.exec(request.path) ?? [];
  return bucket === undefined || key === undefined ? undefined : onObject(request, bucket, key, state);
}

const resourceOf = (bucket: string): string => `buckets/${bucket}`;

function insert(request: SandboxRequest, state: CloudState): SandboxResponse {
  const project = request.query.get('project') ?? '';
  const owner = administered(request, state, project, `projects/${project}`, 'storage.buckets.create');
  if (!owner.ok) return refusal(owner);
  const name = textOf(parseInput(request.body)?.name);
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name))
    return refusal(refuse('INVALID_ARGUMENT', `Invalid bucket name: '${name}'`));
  if (state.buckets.has(name))
    return refusal(refuse('ALREADY_EXISTS', 'Your previous request to create the named bucket succeeded.'));
  state.buckets.set(name, { project: owner.value.id, objects: new Map() });
  return json(200, { kind: 'storage#bucket', id: name, name });
}

function setPolicy(request: SandboxRequest, name: string, state: CloudState): SandboxResponse {
  const bucket = state.buckets.get(name);
  if (!bucket || request.method !== 'PUT')
    return refusal(refuse('NOT_FOUND', 'The specified bucket does not exist.'));
  const owner = administered(request, state, bucket.project, name, 'storage.buckets.setIamPolicy');
  if (!owner.ok) return refusal(owner);
  const policy: Outcome<unknown> = state.policies.set(
    resourceOf(name),
    parseInput(request.body),
    state.runtime.now(),
  );
  return answer(policy);
}

function onObject(request: SandboxRequest, name: string, key: string, state: CloudState): SandboxResponse {
  const { method, headers, body } = request;
  const bucket = state.buckets.get(name);
  if (!bucket) return error(404, 'NoSuchBucket', 'The specified bucket does not exist.');
  const caller = headers.authorization === undefined ? undefined : principalOf(headers.authorization, state);
  if (caller && !caller.ok) return error(401, 'AuthenticationRequired', 'Authentication required.');
  const holds = (operation: keyof typeof rolesWith) =>
    state.policies.holds(
      resourceOf(name),
      caller?.value.members ?? ['allUsers'],
      rolesWith[operation].map((role) => `roles/storage.${role}`),
      settledBefore(state),
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
  if (!scopes.some((scope) => writeScopes.some((end) => scope === `https://www.googleapis.com/auth/${end}`)))
    return denied();
  if (!holds('create') || (bucket.objects.has(key) && !holds('delete'))) return denied();
  bucket.objects.set(key, {
    body: body.toString(),
    contentType: headers['content-type'] ?? 'application/octet-stream',
    cacheControl: headers['cache-control'],
  });
  return { status: 200, headers: { etag: `"${createHash('md5').update(body).digest('hex')}"` }, body: '' };
}

const denied = (): SandboxResponse => error(403, 'AccessDenied', 'Access denied.');

const error = (status: number, code: string, message: string): SandboxResponse => ({
  status,
  headers: { 'content-type': 'application/xml; charset=UTF-8', 'x-guploader-uploadid': randomUUID() },
  body: `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
