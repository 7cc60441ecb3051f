/** A sandbox Azure with one tenant, one identity and one federated credential, and functions to call it. */
import { azureCloud } from '../../src/sandbox/azure/index.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { startTestIssuer, type TestIssuer } from '../support/test-issuer.ts';

export const tenant = '11111111-2222-3333-4444-555555555555';
export const subscription = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
export const group = `/subscriptions/${subscription}/resourceGroups/rg`;
export const identityId = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/sojourn`;
export const audience = 'api://AzureADTokenExchange';
export const subject = 'conn_1';
export const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
export const readerId = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${reader}`;
export const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read JSON of the sandbox
  readonly body: any;
}

export interface AzureBench {
  readonly sandbox: Sandbox;
  readonly issuer: TestIssuer;
  readonly clientId: string;
  readonly principalId: string;
  arm(method: string, path: string, body?: unknown, bearer?: string): Promise<Answer>;
  /** Claims that Entra accepts, with the changes applied. */
  claims(changes?: Record<string, unknown>): Record<string, unknown>;
  exchange(form: Record<string, string>, inTenant?: string, endpoint?: string): Promise<Answer>;
  /** The complete form for an assertion. */
  form(assertion: string): Record<string, string>;
  /** `PUT /sandbox/clock` and `/sandbox/faults`. */
  turn(path: string, body: unknown): Promise<void>;
  close(): Promise<void>;
}

export async function openAzureBench(): Promise<AzureBench> {
  const issuer = await startTestIssuer();
  const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 }, clouds: [azureCloud] });
  const call = async (url: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url, init);
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  };
  const arm: AzureBench['arm'] = (method, path, body, bearer = `sandbox:${tenant}`) => {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (bearer) headers.authorization = `Bearer ${bearer}`;
    const separator = path.includes('?') ? '' : '?api-version=2023-01-31';
    return call(`${sandbox.origin}/azure${path}${separator}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
  };
  await arm('PUT', group, { location: 'westeurope' });
  const identity = await arm('PUT', identityId, { location: 'westeurope' });
  await arm('PUT', `${identityId}/federatedIdentityCredentials/sojourn`, {
    properties: { issuer: issuer.issuer, subject, audiences: [audience] },
  });
  const { clientId, principalId } = identity.body.properties;
  return {
    sandbox,
    issuer,
    clientId,
    principalId,
    arm,
    claims(changes = {}) {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: issuer.issuer,
        sub: subject,
        aud: audience,
        iat: now,
        nbf: now,
        exp: now + 300,
        jti: 'j',
      };
      return { ...claims, ...changes };
    },
    exchange: (form, inTenant = tenant, endpoint = 'oauth2/v2.0/token') =>
      call(`${sandbox.origin}/azure/${inTenant}/${endpoint}`, {
        method: 'POST',
        body: new URLSearchParams(form),
      }),
    form: (assertion) => ({
      grant_type: 'client_credentials',
      client_id: clientId,
      scope: 'https://management.azure.com/.default',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
    turn: async (path, body) => {
      await fetch(`${sandbox.origin}/sandbox${path}`, { method: 'PUT', body: JSON.stringify(body) });
    },
    close: async () => {
      await sandbox.close();
      await issuer.close();
    },
  };
}
