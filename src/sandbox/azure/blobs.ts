/**
 * Blob Storage with path-style URLs under `/blob/ACCOUNT`, as in emulators: blobs in the containers of Resource
 * Manager, with Entra's tokens for storage, or anonymously if the container is public.
 */
import type { SandboxRequest, SandboxResponse } from '../contract.ts';
import type { AccessTokens } from './access-token.ts';
import type { Resource } from './directory.ts';
import { same } from './resource-id.ts';
import { containerType } from './resource-types/container.ts';
import type { CloudState } from './resource-types/resource-type.ts';
import { accountType } from './resource-types/storage-account.ts';
import { type Action, allows, grantsOf } from './roles.ts';
import { stringOf } from './template/json.ts';

interface Blob {
  readonly body: string;
  readonly contentType: string;
  readonly cacheControl: string | undefined;
}

/** By the container's resource id, then by name. */
export type Blobs = Map<string, Map<string, Blob>>;

const audience = /^https:\/\/storage\.azure\.com\/?$/;

/** Undefined if the path does not name a blob. */
export function blobs(
  request: SandboxRequest,
  state: CloudState,
  tokens: AccessTokens,
  stored: Blobs,
): SandboxResponse | undefined {
  const [, accountName = '', containerName = '', name] =
    /^\/blob\/([^/]+)\/([^/]+)\/(.+)$/.exec(decodeURIComponent(request.path)) ?? [];
  if (name === undefined) return undefined;
  const { directory } = state;
  const account = directory.ofType(accountType).find((resource) => resource.name === accountName);
  const container = directory
    .ofType(containerType)
    .find(({ id }) => account && same(id, `${account.id}/blobServices/default/containers/${containerName}`));
  const verb: Action | undefined =
    request.method === 'PUT' ? 'blob.write' : request.method === 'GET' ? 'blob.read' : undefined;
  if (!verb) return error(405, 'UnsupportedHttpVerb', 'The resource doesn’t support specified Http Verb.');
  const isPublicRead = verb === 'blob.read' && account && container && isPublic(account, container);
  const denied = isPublicRead ? undefined : refusalOf(request, verb, container, state, tokens);
  if (denied) return denied;
  if (!container) return error(404, 'ContainerNotFound', 'The specified container does not exist.');
  const containerBlobs = stored.get(container.id) ?? new Map<string, Blob>();
  stored.set(container.id, containerBlobs);
  return verb === 'blob.write' ? put(request, name, containerBlobs) : get(name, containerBlobs);
}

const isPublic = (account: Resource, container: Resource): boolean =>
  account.properties.allowBlobPublicAccess === true &&
  ['Blob', 'Container'].includes(stringOf(container.properties.publicAccess));

function refusalOf(
  { headers }: SandboxRequest,
  action: Action,
  container: Resource | undefined,
  state: CloudState,
  tokens: AccessTokens,
): SandboxResponse | undefined {
  const failed =
    'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.';
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer === undefined)
    return action === 'blob.read'
      ? error(404, 'ResourceNotFound', 'The specified resource does not exist.')
      : error(401, 'NoAuthenticationInformation', failed);
  // Bearer tokens require at least this version.
  if (!/^\d{4}-\d\d-\d\d$/.test(headers['x-ms-version'] ?? '') || headers['x-ms-version']! < '2017-11-09')
    return error(403, 'AuthenticationFailed', 'Server failed to authenticate the request.');
  const token = tokens.open(bearer);
  if (!token || token.exp * 1000 <= state.now() || !audience.test(token.aud))
    return error(401, 'InvalidAuthenticationInfo', failed);
  const propagatedBefore = state.now() - state.propagationSeconds() * 1000;
  const isGranted =
    container && allows(grantsOf(state.directory, token.oid, propagatedBefore), action, container.id);
  return isGranted
    ? undefined
    : error(
        403,
        'AuthorizationPermissionMismatch',
        'This request is not authorized to perform this operation using this permission.',
      );
}

function put(
  { headers, body }: SandboxRequest,
  name: string,
  containerBlobs: Map<string, Blob>,
): SandboxResponse {
  if (headers['x-ms-blob-type'] !== 'BlockBlob')
    return error(
      400,
      'MissingRequiredHeader',
      'An HTTP header that’s mandatory for this request is not specified.',
    );
  containerBlobs.set(name, {
    body: body.toString(),
    contentType: headers['x-ms-blob-content-type'] ?? headers['content-type'] ?? 'application/octet-stream',
    cacheControl: headers['x-ms-blob-cache-control'],
  });
  return { status: 201, headers: {}, body: '' };
}

function get(name: string, containerBlobs: Map<string, Blob>): SandboxResponse {
  const found = containerBlobs.get(name);
  if (!found) return error(404, 'BlobNotFound', 'The specified blob does not exist.');
  const { contentType, cacheControl, body } = found;
  const cache = cacheControl === undefined ? {} : { 'cache-control': cacheControl };
  return { status: 200, headers: { 'content-type': contentType, ...cache }, body };
}

const error = (status: number, code: string, message: string): SandboxResponse => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
  body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
