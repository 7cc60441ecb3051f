/** iamcredentials.googleapis.com: access tokens of service accounts, for principals that may impersonate them. */
import type { SandboxRequest, SandboxResponse } from '../contract.ts';
import { accountResource, type CloudState, projectResource, settledBefore } from './cloud-state.ts';
import { perimeterRefusal } from './guardrails.ts';
import { parseInput, textOf, textsOf } from './input.ts';
import { principalOf } from './principal.ts';
import { answer, denied, invalid, type Outcome, ok, refuse } from './responses.ts';

const permission = 'iam.serviceAccounts.getAccessToken';
/**
 * Roles with that permission; only Token Creator also allows an account to be an intermediate of a delegation chain.
 */
const delegating = ['roles/iam.serviceAccountTokenCreator'];
const impersonating = ['roles/iam.workloadIdentityUser', ...delegating];

const defaultSeconds = 3600;

export function generateAccessToken(
  request: SandboxRequest,
  email: string,
  state: CloudState,
): SandboxResponse {
  const outcome = decide(request, email, state);
  const input = parseInput(request.body);
  state.runtime.record({
    cloud: 'gcp',
    operation: 'iamcredentials.generateAccessToken',
    outcome: outcome.ok ? 'ok' : outcome.status,
    detail: { email, scope: textsOf(input?.scope).join(' '), lifetime: textOf(input?.lifetime) },
  });
  return answer(outcome);
}

function decide(request: SandboxRequest, email: string, state: CloudState): Outcome<unknown> {
  const principal = principalOf(request.headers.authorization, state);
  if (!principal.ok) return principal;
  const input = parseInput(request.body);
  if (!input) return invalid('Invalid JSON payload received.');
  const scopes = textsOf(input.scope);
  if (scopes.length === 0) return invalid('Scope required.');
  const lifetime = readLifetime(input.lifetime);
  if (!lifetime.ok) return lifetime;

  const project = state.projects.find(state.serviceAccounts.get(email)?.project ?? '')?.number ?? '';
  const outside = perimeterRefusal(state, project, {
    service: 'iamcredentials.googleapis.com',
    method: 'google.iam.credentials.v1.IAMCredentials.GenerateAccessToken',
    principals: principal.value.members,
  });
  if (outside) return outside;
  let members: readonly string[] = principal.value.members;
  const chain = [...textsOf(input.delegates).map((name) => name.slice(name.lastIndexOf('/') + 1)), email];
  for (const [index, link] of chain.entries()) {
    const roles = index === chain.length - 1 ? impersonating : delegating;
    if (!mayImpersonate(link, members, roles, state))
      return denied(permission, `Permission '${permission}' denied on resource (or it may not exist).`);
    if (state.serviceAccounts.get(link)?.disabled)
      return refuse('PERMISSION_DENIED', `Service account ${link} is disabled.`);
    members = [`serviceAccount:${link}`, 'allUsers', 'allAuthenticatedUsers'];
  }
  const expiresAt = state.runtime.now() + lifetime.value * 1000;
  return ok({
    accessToken: state.tokens.issue({ kind: 'service_account', email, scopes, expiresAt }),
    expireTime: new Date(expiresAt).toISOString().replace(/\.\d{3}Z$/, 'Z'),
  });
}

/** By the account's own policy, or by the inherited policy of its project. */
function mayImpersonate(
  email: string,
  members: readonly string[],
  roles: readonly string[],
  state: CloudState,
): boolean {
  const account = state.serviceAccounts.get(email);
  if (!account) return false;
  const { policies } = state;
  return [accountResource(email), projectResource(account.project)].some((resource) =>
    policies.holds(resource, members, roles, settledBefore(state)),
  );
}

function readLifetime(value: unknown): Outcome<number> {
  if (value === undefined) return ok(defaultSeconds);
  const seconds = Number(/^(\d+(?:\.\d{1,9})?)s$/.exec(textOf(value))?.[1] ?? Number.NaN);
  if (Number.isNaN(seconds))
    return invalid(
      `Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), ${JSON.stringify(value)}`,
    );
  if (seconds === 0) return invalid('The lifetime must be greater than 0.');
  if (seconds > defaultSeconds)
    return invalid(
      `The access token lifetime cannot exceed ${defaultSeconds}s, unless the service account is allowed by an organization policy with the constraint constraints/iam.allowServiceAccountCredentialLifetimeExtension.`,
    );
  return ok(seconds);
}
