/** Authenticates an access token, and lists its members as allow policies name them. */
import type { AccessToken } from './access-token.ts';
import type { CloudState } from './cloud-state.ts';
import { unauthenticated } from './projects.ts';
import { type Outcome, ok, refuse } from './responses.ts';

export interface Principal {
  /** Every member with which a binding can name the caller. */
  readonly members: readonly string[];
  readonly token: AccessToken;
}

export function principalOf(authorization: string | undefined, state: CloudState): Outcome<Principal> {
  if (!authorization)
    return refuse(
      'UNAUTHENTICATED',
      'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
    );
  const [scheme = '', bearer = ''] = authorization.split(' ');
  const token = scheme.toLowerCase() === 'bearer' ? state.tokens.open(bearer) : undefined;
  if (!token || token.expiresAt <= state.runtime.now()) return unauthenticated();
  // According to the API's description, disabling a pool revokes its tokens; disabling a provider does not.
  if (token.kind === 'federated' && !state.pools.active(token.pool)) return unauthenticated();
  // "To revoke a short-lived token of a service account, disable the account" (Google's guide on compromised credentials).
  if (token.kind === 'service_account' && state.serviceAccounts.get(token.email)?.disabled !== false)
    return unauthenticated();
  return ok({ members: membersOf(token), token });
}

function membersOf(token: AccessToken): string[] {
  const everyone = ['allUsers', 'allAuthenticatedUsers'];
  if (token.kind === 'service_account') return [`serviceAccount:${token.email}`, ...everyone];
  const pool = `iam.googleapis.com/${token.pool}`;
  return [
    `principal://${pool}/subject/${token.subject}`,
    ...token.groups.map((group) => `principalSet://${pool}/group/${group}`),
    ...Object.entries(token.attributes).map(
      ([name, value]) => `principalSet://${pool}/attribute.${name}/${value}`,
    ),
    `principalSet://${pool}/*`,
    ...everyone,
  ];
}
