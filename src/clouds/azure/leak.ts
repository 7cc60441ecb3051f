/** What a customer does in Azure when a signing key of the issuer may be in foreign hands. */
import type { LeakAdvice, LeakFacts } from '../contract.ts';
import { shellCommand, shellWord } from '../encode/index.ts';
import { credentialName } from './plan.ts';
import type { AzureTarget } from './target.ts';

export function afterLeak({ client_id }: AzureTarget, { connection }: LeakFacts): LeakAdvice {
  return {
    trusts:
      'Unknown: Entra keeps the keys of an issuer on its own terms and documents no time; count on a day. An access token that was given lasts to its end, about an hour.',
    steps:
      client_id === undefined
        ? []
        : [
            {
              say: 'Close the door: the identity takes no token of this issuer any more.',
              run: `az resource delete --ids "$(${identityId(client_id)})"/federatedIdentityCredentials/${shellWord(credentialName(connection.id))}`,
            },
            {
              say: 'Make the access tokens that were given worthless.',
              run: shellCommand(['az', 'role', 'assignment', 'delete', `--assignee=${client_id}`]),
            },
            {
              say: 'Look in the sign-in logs of the managed identity for sign-ins that are not in the audit of the vendor.',
            },
            {
              say: 'Open the door again, a day or more after the key was revoked: deploy azuredeploy.json once more.',
            },
          ],
  };
}

const identityId = (clientId: string): string =>
  `az identity list --query ${shellWord(`[?clientId=='${clientId}'].id`)} --output tsv`;
