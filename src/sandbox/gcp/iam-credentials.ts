/** iamcredentials.googleapis.com: an access token of a service account for whoever may have one. */
import type { SandboxAnswer, SandboxRequest } from '../contract.ts';
import { answer, denied, invalid, made, type Outcome } from './answers.ts';
import { accountResource, type Estate, projectResource, settledBefore } from './estate.ts';
import { parseInput, textOf, textsOf } from './input.ts';
import { principalOf } from './principal.ts';

const permission = 'iam.serviceAccounts.getAccessToken';
/** Roles with that permission, and the one among them that also lets an account stand in the middle of a chain. */
const delegating = ['roles/iam.serviceAccountTokenCreator'];
const impersonating = ['roles/iam.workloadIdentityUser', ...delegating];

const usualSeconds = 3600;

export function generateAccessToken(request: SandboxRequest, email: string, estate: Estate): SandboxAnswer {
  const outcome = decide(request, email, estate);
  const input = parseInput(request.body);
  estate.world.note({
    cloud: 'gcp',
    operation: 'iamcredentials.generateAccessToken',
    outcome: outcome.ok ? 'ok' : outcome.status,
    detail: { email, scope: textsOf(input?.scope).join(' '), lifetime: textOf(input?.lifetime) },
  });
  return answer(outcome);
}

function decide(request: SandboxRequest, email: string, estate: Estate): Outcome<unknown> {
  const principal = principalOf(request.headers.authorization, estate);
  if (!principal.ok) return principal;
  const input = parseInput(request.body);
  if (!input) return invalid('Invalid JSON payload received.');
  const scopes = textsOf(input.scope);
  if (scopes.length === 0) return invalid('Scope required.');
  const lifetime = readLifetime(input.lifetime);
  if (!lifetime.ok) return lifetime;

  let members: readonly string[] = principal.value.members;
  const chain = [...textsOf(input.delegates).map((name) => name.slice(name.lastIndexOf('/') + 1)), email];
  for (const [index, link] of chain.entries()) {
    const roles = index === chain.length - 1 ? impersonating : delegating;
    if (!mayActAs(link, members, roles, estate))
      return denied(permission, `Permission '${permission}' denied on resource (or it may not exist).`);
    members = [`serviceAccount:${link}`, 'allUsers', 'allAuthenticatedUsers'];
  }
  const expiresAt = estate.world.now() + lifetime.value * 1000;
  return made({
    accessToken: estate.tokens.issue({ kind: 'service_account', email, scopes, expiresAt }),
    expireTime: new Date(expiresAt).toISOString().replace(/\.\d{3}Z$/, 'Z'),
  });
}

/** By the account's own policy, or by its project's, which it inherits. */
function mayActAs(
  email: string,
  members: readonly string[],
  roles: readonly string[],
  estate: Estate,
): boolean {
  const account = estate.serviceAccounts.get(email);
  if (!account) return false;
  const { policies } = estate;
  return [accountResource(email), projectResource(account.project)].some((resource) =>
    policies.holds(resource, members, roles, settledBefore(estate)),
  );
}

function readLifetime(given: unknown): Outcome<number> {
  if (given === undefined) return made(usualSeconds);
  const seconds = Number(/^(\d+(?:\.\d{1,9})?)s$/.exec(textOf(given))?.[1] ?? Number.NaN);
  if (Number.isNaN(seconds))
    return invalid(
      `Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), ${JSON.stringify(given)}`,
    );
  if (seconds === 0) return invalid('The lifetime must be greater than 0.');
  if (seconds > usualSeconds)
    return invalid(
      `The access token lifetime cannot exceed ${usualSeconds}s, unless the service account is allowed by an organization policy with the constraint constraints/iam.allowServiceAccountCredentialLifetimeExtension.`,
    );
  return made(seconds);
}
