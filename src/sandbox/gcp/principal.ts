/** Who calls with an access token, in the words that allow policies use. */
import type { AccessToken } from './access-token.ts';
import { made, type Outcome, refuse } from './answers.ts';
import type { Estate } from './estate.ts';
import { unauthenticated } from './projects.ts';

export interface Principal {
  /** Every member by which a binding may name the caller. */
  readonly members: readonly string[];
  readonly token: AccessToken;
}

export function principalOf(authorization: string | undefined, estate: Estate): Outcome<Principal> {
  if (!authorization)
    return refuse(
      'UNAUTHENTICATED',
      'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
    );
  const [scheme = '', bearer = ''] = authorization.split(' ');
  const token = scheme.toLowerCase() === 'bearer' ? estate.tokens.open(bearer) : undefined;
  if (!token || token.expiresAt <= estate.world.now()) return unauthenticated();
  // A disabled pool takes its tokens back, says the API's description; a disabled provider does not.
  if (token.kind === 'federated' && !estate.pools.active(token.pool)) return unauthenticated();
  return made({ members: membersOf(token), token });
}

function membersOf(token: AccessToken): string[] {
  const everybody = ['allUsers', 'allAuthenticatedUsers'];
  if (token.kind === 'service_account') return [`serviceAccount:${token.email}`, ...everybody];
  const pool = `iam.googleapis.com/${token.pool}`;
  return [
    `principal://${pool}/subject/${token.subject}`,
    ...token.groups.map((group) => `principalSet://${pool}/group/${group}`),
    ...Object.entries(token.attributes).map(
      ([name, value]) => `principalSet://${pool}/attribute.${name}/${value}`,
    ),
    `principalSet://${pool}/*`,
    ...everybody,
  ];
}
