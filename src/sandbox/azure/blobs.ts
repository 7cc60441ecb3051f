/**
 * Blob Storage, path-style below `/blob/ACCOUNT`, as emulators have it: blobs of the containers that Resource Manager
 * knows, by Entra's tokens for storage, and for everybody where the container says so.
 */
import type { SandboxAnswer, SandboxRequest } from '../contract.ts';
import type { AccessTokens } from './access-token.ts';
import type { Resource } from './directory.ts';
import { containerType } from './kinds/container.ts';
import type { Estate } from './kinds/kind.ts';
import { accountType } from './kinds/storage-account.ts';
import { same } from './resource-id.ts';
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

/** Undefined when the path is none of a blob. */
export function blobs(
  request: SandboxRequest,
  estate: Estate,
  tokens: AccessTokens,
  kept: Blobs,
): SandboxAnswer | undefined {
  const [, accountName = '', containerName = '', name] =
    /^\/blob\/([^/]+)\/([^/]+)\/(.+)$/.exec(decodeURIComponent(request.path)) ?? [];
  if (name === undefined) return undefined;
  const { directory } = estate;
  const account = directory.ofType(accountType).find((one) => one.name === accountName);
  const container = directory
    .ofType(containerType)
    .find(({ id }) => account && same(id, `${account.id}/blobServices/default/containers/${containerName}`));
  const verb: Action | undefined =
    request.method === 'PUT' ? 'blob.write' : request.method === 'GET' ? 'blob.read' : undefined;
  if (!verb) return error(405, 'UnsupportedHttpVerb', 'The resource doesn’t support specified Http Verb.');
  const open = verb === 'blob.read' && account && container && isPublic(account, container);
  const refused = open ? undefined : refusalOf(request, verb, container, estate, tokens);
  if (refused) return refused;
  if (!container) return error(404, 'ContainerNotFound', 'The specified container does not exist.');
  const inside = kept.get(container.id) ?? new Map<string, Blob>();
  kept.set(container.id, inside);
  return verb === 'blob.write' ? put(request, name, inside) : get(name, inside);
}

const isPublic = (account: Resource, container: Resource): boolean =>
  account.properties.allowBlobPublicAccess === true &&
  ['Blob', 'Container'].includes(stringOf(container.properties.publicAccess));

function refusalOf(
  { headers }: SandboxRequest,
  action: Action,
  container: Resource | undefined,
  estate: Estate,
  tokens: AccessTokens,
): SandboxAnswer | undefined {
  const failed =
    'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.';
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer === undefined)
    return action === 'blob.read'
      ? error(404, 'ResourceNotFound', 'The specified resource does not exist.')
      : error(401, 'NoAuthenticationInformation', failed);
  // Bearer tokens are taken from this version on.
  if (!/^\d{4}-\d\d-\d\d$/.test(headers['x-ms-version'] ?? '') || headers['x-ms-version']! < '2017-11-09')
    return error(403, 'AuthenticationFailed', 'Server failed to authenticate the request.');
  const token = tokens.open(bearer);
  if (!token || token.exp * 1000 <= estate.now() || !audience.test(token.aud))
    return error(401, 'InvalidAuthenticationInfo', failed);
  const settled = estate.now() - estate.propagationSeconds() * 1000;
  const granted = container && allows(grantsOf(estate.directory, token.oid, settled), action, container.id);
  return granted
    ? undefined
    : error(
        403,
        'AuthorizationPermissionMismatch',
        'This request is not authorized to perform this operation using this permission.',
      );
}

function put({ headers, body }: SandboxRequest, name: string, inside: Map<string, Blob>): SandboxAnswer {
  if (headers['x-ms-blob-type'] !== 'BlockBlob')
    return error(
      400,
      'MissingRequiredHeader',
      'An HTTP header that’s mandatory for this request is not specified.',
    );
  inside.set(name, {
    body: body.toString(),
    contentType: headers['x-ms-blob-content-type'] ?? headers['content-type'] ?? 'application/octet-stream',
    cacheControl: headers['x-ms-blob-cache-control'],
  });
  return { status: 201, headers: {}, body: '' };
}

function get(name: string, inside: Map<string, Blob>): SandboxAnswer {
  const found = inside.get(name);
  if (!found) return error(404, 'BlobNotFound', 'The specified blob does not exist.');
  const { contentType, cacheControl, body } = found;
  const cache = cacheControl === undefined ? {} : { 'cache-control': cacheControl };
  return { status: 200, headers: { 'content-type': contentType, ...cache }, body };
}

const error = (status: number, code: string, message: string): SandboxAnswer => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
  body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
