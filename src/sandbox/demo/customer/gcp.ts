/** The customer's Google Cloud administrator, who only sends the requests of the list in order. */
import { json } from '../http.ts';

export const projectId = 'acme-prod';
export const projectNumber = '123456789012';
export const serviceAccount = `deployer@${projectId}.iam.gserviceaccount.com`;

export const pool = 'vendor-pool';
export const providerId = 'vendor-idp';
export const provider = `//iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${pool}/providers/${providerId}`;

const headers = { authorization: `Bearer sandbox:${projectId}:${projectNumber}` };

/** The customer's project before the set-up: a service account that may read the project. */
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

/** The members of a request that are needed to send it. */
interface SetupRequest {
  readonly kind: 'create_pool' | 'create_provider' | 'add_binding' | 'grant_role';
  readonly method: string;
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Reads the policy to which `binding` is added. */
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
        url: sandboxUrl(gcp, request.read),
        headers,
        body: request.read.body ?? {},
      });
      const bindings = [...(policy.bindings ?? []), request.binding];
      await json({
        method: request.method,
        url: sandboxUrl(gcp, request),
        headers,
        body: { policy: { ...policy, bindings } },
      });
    } else {
      await json({ method: request.method, url: sandboxUrl(gcp, request), headers, body: request.body });
    }
  }
}

/** The URL with the sandbox's origin instead of Google's. */
function sandboxUrl(
  gcp: string,
  { url, query }: { url: string; query: Readonly<Record<string, string>> },
): string {
  const search = new URLSearchParams(query).toString();
  return gcp + new URL(url).pathname + (search ? `?${search}` : '');
}
