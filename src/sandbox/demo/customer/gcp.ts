/** The customer's Google Cloud administrator: sends the requests of the list one after the other, and nothing else. */
import { json } from '../http.ts';

export const projectId = 'acme-prod';
export const projectNumber = '123456789012';
export const serviceAccount = `deployer@${projectId}.iam.gserviceaccount.com`;

export const pool = 'vendor-pool';
export const providerId = 'vendor-idp';
export const provider = `//iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${pool}/providers/${providerId}`;

const headers = { authorization: `Bearer sandbox:${projectId}:${projectNumber}` };

/** What the customer has before we come: a service account that may look at the project. */
export async function prepareProject(gcp: string): Promise<void> {
  await json({
    method: 'POST',
    url: `${gcp}/v1/projects/${projectId}/serviceAccounts`,
    headers,
    body: { accountId: 'deployer' },
  });
  await json({
    method: 'POST',
    url: `${gcp}/v1/projects/${projectId}:setIamPolicy`,
    headers,
    body: {
      policy: { bindings: [{ role: 'roles/browser', members: [`serviceAccount:${serviceAccount}`] }] },
    },
  });
}

/** The parts of the list that have to be known to send it. */
interface SetupRequest {
  readonly kind: 'create_pool' | 'create_provider' | 'add_binding' | 'grant_role';
  readonly method: string;
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: object;
  /** A binding is added to the policy that this reads. */
  readonly read?: {
    readonly method: string;
    readonly url: string;
    readonly query: Readonly<Record<string, string>>;
    readonly body?: object;
  };
  readonly binding?: Binding;
}

interface Binding {
  readonly role: string;
  readonly members: readonly string[];
}

interface Policy {
  readonly bindings?: readonly Binding[];
}

export async function applyRequests(gcp: string, list: string): Promise<void> {
  for (const request of JSON.parse(list) as SetupRequest[]) {
    if (request.read && request.binding) {
      const policy = await json<Policy>({
        method: request.read.method,
        url: at(gcp, request.read),
        headers,
        body: request.read.body ?? {},
      });
      const bindings = [...(policy.bindings ?? []), request.binding];
      await json({
        method: request.method,
        url: at(gcp, request),
        headers,
        body: { policy: { ...policy, bindings } },
      });
    } else {
      await json({ method: request.method, url: at(gcp, request), headers, body: request.body });
    }
  }
}

/** The same path and query, at the sandbox instead of Google. */
function at(gcp: string, { url, query }: { url: string; query: Readonly<Record<string, string>> }): string {
  const search = new URLSearchParams(query).toString();
  return gcp + new URL(url).pathname + (search ? `?${search}` : '');
}
