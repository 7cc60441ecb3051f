/**
 * The Azure of the sandbox: Entra's token endpoint and as much of Azure Resource Manager as a customer needs to let a
 * connection in. Owns: what exists there, who may do what, and every answer's words. Does not own: the listener, the
 * clock, the faults (the frame). Knows nothing of the server's own code for Azure, which it has to judge.
 *
 * Managed with `Authorization: Bearer sandbox:TENANT-GUID`: a subscription belongs to the tenant that first used it,
 * and a tenant exists as soon as it has a subscription. Access tokens from the token endpoint open what their
 * identity's role assignments allow, as `GET /subscriptions/ID/resourcegroups?api-version=2021-04-01`.
 */
import type { SandboxAnswer, SandboxCloud, SandboxRequest, SandboxWorld } from '../contract.ts';
import { createIssuerCache } from '../issuer-cache.ts';
import { createAccessTokens } from './access-token.ts';
import { refusal, refuse } from './answers.ts';
import { arm } from './arm.ts';
import { keepKeysSeconds } from './assertion.ts';
import { instanceDiscovery, openidConfiguration } from './authority.ts';
import { type Blobs, blobs } from './blobs.ts';
import { createDirectory } from './directory.ts';
import { aadsts, entraRefusal } from './entra-answer.ts';
import type { Estate } from './kinds/kind.ts';
import { type EntraDesk, token } from './token.ts';

export function azureCloud(world: SandboxWorld): SandboxCloud {
  const open = (): EntraDesk & { blobs: Blobs } => {
    const estate: Estate = {
      directory: createDirectory(),
      now: () => world.now(),
      propagationSeconds: () => world.propagationSeconds('azure'),
    };
    return {
      world,
      estate,
      tokens: createAccessTokens(),
      blobs: new Map(),
      issuers: createIssuerCache(world, () => keepKeysSeconds),
    };
  };
  let desk = open();
  return {
    name: 'azure',
    handle: (request) => route(request, desk),
    outOfOrder: (status, request) => outOfOrder(status, request, world.now()),
    reset() {
      desk = open();
    },
  };
}

async function route(
  request: SandboxRequest,
  desk: EntraDesk & { readonly blobs: Blobs },
): Promise<SandboxAnswer> {
  const { method, path } = request;
  const { world, estate, tokens } = desk;
  if (/^\/subscriptions(\/|$)/i.test(path)) {
    const answer = arm(request, estate, tokens);
    world.note({ cloud: 'azure', operation: `${method} ${path}`, outcome: String(answer.status) });
    return answer;
  }
  const blob = blobs(request, estate, tokens, desk.blobs);
  if (blob) {
    world.note({ cloud: 'azure', operation: `${method} ${path}`, outcome: String(blob.status) });
    return blob;
  }
  if (path === '/common/discovery/instance') return instanceDiscovery(world.origin);
  const [tenant = '', ...rest] = path.slice(1).split('/');
  if (rest.join('/') === 'oauth2/v2.0/token') return token(tenant, request, desk);
  if (rest.join('/') === 'v2.0/.well-known/openid-configuration')
    return openidConfiguration(world.origin, tenant);
  return refusal(refuse(404, 'NotFound', `The path '${path}' is not known to the sandbox.`));
}

/** Entra's codes for its own trouble: 90033 transient, 50196 and 90055 throttling. */
function outOfOrder(status: number, request: SandboxRequest, now: number): SandboxAnswer {
  const isToken = request.path.endsWith('/oauth2/v2.0/token');
  if (!isToken) {
    const code =
      status === 429 ? 'TooManyRequests' : status === 503 ? 'ServerUnavailable' : 'InternalServerError';
    return refusal(
      refuse(status, code, 'The request could not be served at this time. Please try again later.'),
    );
  }
  const refused =
    status === 429
      ? aadsts(90055, 'temporarily_unavailable', 'The request was throttled due to too many requests.')
      : aadsts(90033, 'temporarily_unavailable', 'A transient error has occurred. Please try again.');
  return { ...entraRefusal(refused, request, now), status };
}
