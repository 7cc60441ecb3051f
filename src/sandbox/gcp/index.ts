/**
 * Google Cloud: the token service, IAM credentials, and the part of IAM and Resource Manager that a customer needs to
 * set up a connection. Owns: its resources, authorization, and the texts of responses. Does not own: the listener,
 * the clock and the faults (sandbox/*.ts). Shares no code with the server's own GCP module.
 *
 * Managed with `Authorization: Bearer sandbox:PROJECT-ID:PROJECT-NUMBER`: the first such call creates the project and
 * fixes the pair. Google's hosts share one prefix, because their paths do not collide.
 */
import type { SandboxCloud, SandboxRequest, SandboxResponse, SandboxRuntime } from '../contract.ts';
import { createGuardrails } from '../guardrails.ts';
import { type CloudState, createCloudState } from './cloud-state.ts';
import { generateAccessToken } from './iam-credentials.ts';
import { poolsApi } from './pools-api.ts';
import { projectsApi } from './projects-api.ts';
import { json, notFound, refusal, refuse, type Status } from './responses.ts';
import { serviceAccountsApi } from './service-accounts-api.ts';
import { storage } from './storage.ts';
import { exchange, throttled } from './sts.ts';

export function gcpCloud(runtime: SandboxRuntime): SandboxCloud {
  const guardrails = createGuardrails();
  let state = createCloudState(runtime, guardrails);
  return {
    name: 'gcp',
    guardrails,
    handle: (request) => route({ ...request, path: decoded(request.path) }, state),
    faultResponse,
    reset() {
      guardrails.set([]);
      state = createCloudState(runtime, guardrails);
    },
  };
}

async function route(request: SandboxRequest, state: CloudState): Promise<SandboxResponse> {
  const { method, path } = request;
  if (method === 'POST' && path === '/v1/token') return exchange(request, state);
  const email = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(path)?.[1];
  if (method === 'POST' && email) return generateAccessToken(request, email, state);
  const answer =
    poolsApi(request, state) ??
    serviceAccountsApi(request, state) ??
    projectsApi(request, state) ??
    storage(request, state);
  if (!answer) return refusal(notFound());
  state.runtime.record({ cloud: 'gcp', operation: `${method} ${path}`, outcome: String(answer.status) });
  return answer;
}

/** A path with an invalid percent-encoding stays as it is and matches no route. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function faultResponse(status: number, request: SandboxRequest): SandboxResponse {
  if (status === 429 && request.path === '/v1/token') return throttled();
  const names: Readonly<Record<number, [Status, string]>> = {
    429: ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
    503: ['UNAVAILABLE', 'The service is currently unavailable.'],
  };
  const [name, message] = names[status] ?? (['INTERNAL', 'Internal error encountered.'] as const);
  const { body } = refusal(refuse(name, message));
  return json(status, JSON.parse(body));
}
