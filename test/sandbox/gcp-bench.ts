/** A sandbox Google Cloud with one project, pool, provider and service account, and functions to call it. */
import { gcpCloud } from '../../src/sandbox/gcp/index.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { startTestIssuer, type TestIssuer } from '../support/test-issuer.ts';

export const project = 'acme-prod';
export const number = '123456789012';
export const pool = `projects/${number}/locations/global/workloadIdentityPools/sojourn`;
export const provider = `${pool}/providers/sojourn`;
export const account = `deployer@${project}.iam.gserviceaccount.com`;
export const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';
export const subject = 'conn_1';
export const principal = `principal://iam.googleapis.com/${pool}/subject/${subject}`;
export const impersonation = `/v1/projects/-/serviceAccounts/${account}:generateAccessToken`;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read JSON of the sandbox
  readonly body: any;
}

export interface GcpBench {
  readonly sandbox: Sandbox;
  readonly issuer: TestIssuer;
  manage(method: string, path: string, body?: unknown, bearer?: string): Promise<Answer>;
  claims(changes?: Record<string, unknown>): Record<string, unknown>;
  form(token: string): Record<string, string>;
  exchange(form: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  /** Signs a token, exchanges it and returns the federated access token. */
  federated(changes?: Record<string, unknown>): Promise<string>;
  bind(path: string, role: string, members: readonly string[]): Promise<Answer>;
  turn(path: string, body: unknown): Promise<void>;
  close(): Promise<void>;
}

export async function openGcpBench(): Promise<GcpBench> {
  const issuer = await startTestIssuer();
  const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 }, clouds: [gcpCloud] });
  const call = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${sandbox.origin}${path}`, init);
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  };
  const bench: GcpBench = {
    sandbox,
    issuer,
    manage(method, path, body, bearer = `sandbox:${project}:${number}`) {
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      if (bearer) headers.authorization = `Bearer ${bearer}`;
      return call(`/gcp${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    },
    claims(changes = {}) {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: issuer.issuer,
        sub: subject,
        aud: `//iam.googleapis.com/${provider}`,
        iat: now,
        exp: now + 300,
      };
      return { ...claims, ...changes };
    },
    form: (token) => ({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: `//iam.googleapis.com/${provider}`,
      scope: cloudPlatform,
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: token,
    }),
    exchange: (form, headers = {}) =>
      call('/gcp/v1/token', { method: 'POST', headers, body: new URLSearchParams(form) }),
    async federated(changes) {
      const { body } = await bench.exchange(bench.form(await issuer.sign(bench.claims(changes))));
      return body.access_token;
    },
    bind: (path, role, members) =>
      bench.manage('POST', `${path}:setIamPolicy`, { policy: { bindings: [{ role, members }] } }),
    turn: async (path, body) => {
      await fetch(`${sandbox.origin}/sandbox${path}`, { method: 'PUT', body: JSON.stringify(body) });
    },
    close: async () => {
      await sandbox.close();
      await issuer.close();
    },
  };
  const pools = `/v1/projects/${project}/locations/global/workloadIdentityPools`;
  await bench.manage('POST', `${pools}?workloadIdentityPoolId=sojourn`, {});
  await bench.manage('POST', `${pools}/sojourn/providers?workloadIdentityPoolProviderId=sojourn`, {
    attributeMapping: { 'google.subject': 'assertion.sub' },
    oidc: { issuerUri: issuer.issuer },
  });
  await bench.manage('POST', `/v1/projects/${project}/serviceAccounts`, { accountId: 'deployer' });
  return bench;
}
