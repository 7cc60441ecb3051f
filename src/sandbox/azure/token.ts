/**
 * `POST /{tenant}/oauth2/v2.0/token`, and `/oauth2/token` of version 1.0, for client_credentials with a federated
 * assertion. Cheap checks run first and
 * the request to the issuer last; Entra's own order of checks is not published.
 */
import { toSeconds } from '../../platform/time/index.ts';
import type { SandboxRequest, SandboxResponse, SandboxRuntime } from '../contract.ts';
import type { IssuerCache } from '../issuer-cache.ts';
import type { AccessTokens } from './access-token.ts';
import { readAssertion, verifyAssertion } from './assertion.ts';
import type { Resource } from './directory.ts';
import { aadsts, type EntraRefusal, entraJson, entraRefusal } from './entra-response.ts';
import { matchCredential } from './matching.ts';
import { credentialsOf } from './resource-types/credential.ts';
import { identityByClientId } from './resource-types/identity.ts';
import type { CloudState } from './resource-types/resource-type.ts';
import { requireKnown, resourceOfScope } from './scope.ts';
import { stringOf } from './template/json.ts';

export interface EntraContext {
  readonly runtime: SandboxRuntime;
  readonly state: CloudState;
  readonly tokens: AccessTokens;
  readonly issuers: IssuerCache;
}

/** entra-docs, v2-oauth2-client-creds-grant-flow: `"expires_in": 3599`. */
const lifetimeSeconds = 3599;

/** Version 1.0 has `resource` instead of `scope`, and returns numbers as text. */
export type EndpointVersion = '1.0' | '2.0';

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export async function token(
  tenant: string,
  request: SandboxRequest,
  context: EntraContext,
  version: EndpointVersion,
): Promise<SandboxResponse> {
  const { runtime } = context;
  const outcome = await decide(tenant, request, context, version);
  const operation = 'token';
  if (!outcome.ok) {
    runtime.record({ cloud: 'azure', operation, outcome: `AADSTS${outcome.code}`, detail: { tenant } });
    return entraRefusal(outcome, request, runtime.now());
  }
  const { identity, resource } = outcome;
  const issuedAt = toSeconds(runtime.now());
  const principalId = stringOf(identity.properties.principalId);
  const accessToken = context.tokens.issue({
    aud: resource,
    iss: `https://sts.windows.net/${tenant.toLowerCase()}/`,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + lifetimeSeconds,
    appid: stringOf(identity.properties.clientId),
    oid: principalId,
    sub: principalId,
    tid: tenant.toLowerCase(),
    idtyp: 'app',
    ver: '1.0',
  });
  runtime.record({
    cloud: 'azure',
    operation,
    outcome: 'ok',
    detail: { tenant, identity: identity.id, resource },
  });
  const number = (value: number) => (version === '1.0' ? String(value) : value);
  return entraJson(200, {
    token_type: 'Bearer',
    expires_in: number(lifetimeSeconds),
    ext_expires_in: number(lifetimeSeconds),
    ...(version === '1.0' && {
      expires_on: String(issuedAt + lifetimeSeconds),
      not_before: String(issuedAt),
      resource,
    }),
    access_token: accessToken,
  });
}

type Decision = { readonly ok: true; readonly identity: Resource; readonly resource: string } | EntraRefusal;

async function decide(
  tenant: string,
  request: SandboxRequest,
  context: EntraContext,
  version: EndpointVersion,
): Promise<Decision> {
  const { directory } = context.state;
  if (request.method !== 'POST')
    return aadsts(
      900561,
      'invalid_request',
      `The endpoint only accepts POST requests. Received a ${request.method} request.`,
    );
  const form = new URLSearchParams(request.body.toString());
  const grantType = form.get('grant_type');
  if (!grantType) return missing('grant_type');
  if (grantType !== 'client_credentials')
    return aadsts(
      70003,
      'unsupported_grant_type',
      `The app requested an unsupported grant type '${grantType}'.`,
    );
  const unknown = unknownTenant(tenant, context.state);
  if (unknown) return unknown;

  const clientId = form.get('client_id');
  if (!clientId) return missing('client_id');
  const identity = identityByClientId(directory, tenant.toLowerCase(), clientId);
  if (!identity)
    return aadsts(
      700016,
      'unauthorized_client',
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
    );
  const parameter = version === '1.0' ? 'resource' : 'scope';
  const requested = form.get(parameter);
  if (!requested) return missing(parameter);
  const resource = version === '1.0' ? requireKnown(requested, tenant) : resourceOfScope(requested, tenant);
  if (!resource.ok) return resource;

  const presented = presentedAssertion(form, clientId);
  if (typeof presented !== 'string') return presented;
  const assertion = readAssertion(presented);
  if (!assertion.ok) return assertion;
  const mismatch = matchCredential(
    assertion.value,
    credentialsOf(directory, identity.id),
    clientId,
    context.state,
  );
  if (mismatch) return mismatch;
  const fault = await verifyAssertion(assertion.value, context.runtime, context.issuers);
  return fault ?? { ok: true, identity, resource: resource.resource };
}

const missing = (parameter: string) =>
  aadsts(900144, 'invalid_request', `The request body must contain the following parameter: '${parameter}'.`);

function unknownTenant(tenant: string, { directory }: CloudState): EntraRefusal | undefined {
  if (['common', 'organizations', 'consumers'].includes(tenant))
    return aadsts(
      50059,
      'invalid_request',
      'No tenant-identifying information found in either the request or implied by any provided credentials.',
    );
  const isGuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(tenant);
  if (!isGuid && !/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(tenant))
    return aadsts(
      900023,
      'invalid_request',
      `Specified tenant identifier '${tenant}' is neither a valid DNS name, nor a valid external domain.`,
    );
  if (directory.knowsTenant(tenant)) return undefined;
  return aadsts(
    90002,
    'invalid_request',
    `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  );
}

function presentedAssertion(form: URLSearchParams, clientId: string): string | EntraRefusal {
  const assertion = form.get('client_assertion');
  if (!assertion && form.get('client_secret'))
    return aadsts(
      7000215,
      'invalid_client',
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
    );
  if (!assertion)
    return aadsts(
      7000218,
      'invalid_client',
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  if (!form.get('client_assertion_type')) return missing('client_assertion_type');
  if (form.get('client_assertion_type') !== jwtBearer)
    return aadsts(
      90023,
      'invalid_request',
      `Unsupported 'client_assertion_type' value '${form.get('client_assertion_type')}'.`,
    );
  return assertion;
}
