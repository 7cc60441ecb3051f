/**
 * Azure: Entra's token endpoint and the part of Azure Resource Manager that a customer needs to set up a connection.
 * Owns: its resources, authorization, and the texts of responses. Does not own: the listener, the clock and the
 * faults (sandbox/*.ts). Shares no code with the server's own Azure module, which it tests.
 *
 * Managed with `Authorization: Bearer sandbox:TENANT-GUID`: a subscription belongs to the tenant that first used it,
 * and a tenant exists when it has a subscription. An access token of the token endpoint allows what the role
 * assignments of its identity allow, such as `GET /subscriptions/ID/resourcegroups?api-version=2021-04-01`.
 */
import type { SandboxCloud, SandboxRequest, SandboxResponse, SandboxRuntime } from '../contract.ts';
import { createGuardrails } from '../guardrails.ts';
import { createIssuerCache } from '../issuer-cache.ts';
import { createAccessTokens } from './access-token.ts';
import { arm } from './arm.ts';
import { keepKeysSeconds } from './assertion.ts';
import { instanceDiscovery, openidConfiguration } from './authority.ts';
import { type Blobs, blobs } from './blobs.ts';
import { createDirectory } from './directory.ts';
import { aadsts, entraRefusal } from './entra-response.ts';
import type { CloudState } from './resource-types/resource-type.ts';
import { refusal, refuse } from './responses.ts';
import type { JsonObject } from './template/json.ts';
import { type EntraContext, token } from './token.ts';

export function azureCloud(runtime: SandboxRuntime): SandboxCloud {
  const guardrails = createGuardrails();
  const open = (): EntraContext & { blobs: Blobs } => {
    const state: CloudState = {
      directory: createDirectory(),
      now: () => runtime.now(),
      policies: (subscription) => guardrails.of(subscription) as readonly JsonObject[],
      propagationSeconds: () => runtime.propagationSeconds('azure'),
    };
    return {
      runtime,
      state,
      tokens: createAccessTokens(),
      blobs: new Map(),
      issuers: createIssuerCache(runtime, () => keepKeysSeconds),
    };
  };
  let context = open();
  return {
    name: 'azure',
    guardrails,
    handle: (request) => route(request, context),
    faultResponse: (status, request) => faultResponse(status, request, runtime.now()),
    reset() {
      guardrails.set([]);
      context = open();
    },
  };
}

async function route(
  request: SandboxRequest,
  context: EntraContext & { readonly blobs: Blobs },
): Promise<SandboxResponse> {
  const { method, path } = request;
  const { runtime, state, tokens } = context;
  if (/^\/subscriptions(\/|$)/i.test(path)) {
    const answer = arm(request, state, tokens);
    runtime.record({ cloud: 'azure', operation: `${method} ${path}`, outcome: String(answer.status) });
    return answer;
  }
  const blob = blobs(request, state, tokens, context.blobs);
  if (blob) {
    runtime.record({ cloud: 'azure', operation: `${method} ${path}`, outcome: String(blob.status) });
    return blob;
  }
  if (path === '/common/discovery/instance') return instanceDiscovery(runtime.origin);
  const [tenant = '', ...rest] = path.slice(1).split('/');
  if (rest.join('/') === 'oauth2/v2.0/token') return token(tenant, request, context, '2.0');
  if (rest.join('/') === 'oauth2/token') return token(tenant, request, context, '1.0');
  if (rest.join('/') === 'v2.0/.well-known/openid-configuration')
    return openidConfiguration(runtime.origin, tenant);
  return refusal(refuse(404, 'NotFound', `The path '${path}' is not known to the sandbox.`));
}

/** Entra's codes for unavailability: 90033 transient, 50196 and 90055 throttling. */
function faultResponse(status: number, request: SandboxRequest, now: number): SandboxResponse {
  const isToken = /\/oauth2\/(?:v2\.0\/)?token$/.test(request.path);
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
