/**
 * The Google Cloud of the sandbox: the token service, IAM credentials, and as much of IAM and Resource Manager as a
 * customer needs to let a connection in. Owns: what exists there, who may do what, and every answer's words. Does not
 * own: the listener, the clock, the faults (the frame). Knows nothing of the server's own code for GCP.
 *
 * Managed with `Authorization: Bearer sandbox:PROJECT-ID:PROJECT-NUMBER`: the project exists from the first such call,
 * and the pair is fixed by it. Google's hosts share the one prefix, since their paths do not collide.
 */
import type { SandboxAnswer, SandboxCloud, SandboxRequest, SandboxWorld } from '../contract.ts';
import { json, notFound, refusal, refuse, type Status } from './answers.ts';
import { createEstate, type Estate } from './estate.ts';
import { generateAccessToken } from './iam-credentials.ts';
import { poolsApi } from './pools-api.ts';
import { projectsApi } from './projects-api.ts';
import { serviceAccountsApi } from './service-accounts-api.ts';
import { storage } from './storage.ts';
import { exchange, throttled } from './sts.ts';

export function gcpCloud(world: SandboxWorld): SandboxCloud {
  let estate = createEstate(world);
  return {
    name: 'gcp',
    handle: (request) => route({ ...request, path: decoded(request.path) }, estate),
    outOfOrder,
    reset() {
      estate = createEstate(world);
    },
  };
}

async function route(request: SandboxRequest, estate: Estate): Promise<SandboxAnswer> {
  const { method, path } = request;
  if (method === 'POST' && path === '/v1/token') return exchange(request, estate);
  const email = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(path)?.[1];
  if (method === 'POST' && email) return generateAccessToken(request, email, estate);
  const answer =
    poolsApi(request, estate) ??
    serviceAccountsApi(request, estate) ??
    projectsApi(request, estate) ??
    storage(request, estate);
  if (!answer) return refusal(notFound());
  estate.world.note({ cloud: 'gcp', operation: `${method} ${path}`, outcome: String(answer.status) });
  return answer;
}

/** A path with a stray percent sign is left as it is and found nowhere. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function outOfOrder(status: number, request: SandboxRequest): SandboxAnswer {
  if (status === 429 && request.path === '/v1/token') return throttled();
  const names: Readonly<Record<number, [Status, string]>> = {
    429: ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
    503: ['UNAVAILABLE', 'The service is currently unavailable.'],
  };
  const [name, message] = names[status] ?? (['INTERNAL', 'Internal error encountered.'] as const);
  const { body } = refusal(refuse(name, message));
  return json(status, JSON.parse(body));
}
