/** What a customer does in Azure when a signing key of the issuer may be in foreign hands. */
import type { LeakAdvice, LeakFacts } from '../contract.ts';
import { shellCommand, shellWord } from '../encode/index.ts';
import { credentialName } from './plan.ts';
import type { AzureTarget } from './target.ts';

export function leakAdvice(
  { client_id, consent_redirect_uri }: AzureTarget,
  { connection }: LeakFacts,
): LeakAdvice {
  return {
    trustedFor:
      'Unknown: Entra keeps the keys of an issuer on its own terms and documents no time; count on a day. An access token that was given lasts to its end, about an hour.',
    steps:
      client_id === undefined
        ? []
        : [
            consent_redirect_uri === undefined
              ? {
                  instruction: 'Close the door: the identity takes no token of this issuer any more.',
                  command: `az resource delete --ids "$(${identityId(client_id)})"/federatedIdentityCredentials/${shellWord(credentialName(connection.id))}`,
                }
              : {
                  instruction:
                    'Close the door: the application of the vendor may not sign in to this directory any more.',
                  command: shellCommand([
                    'az',
                    'ad',
                    'sp',
                    'update',
                    `--id=${client_id}`,
                    '--set',
                    'accountEnabled=false',
                  ]),
                },
            {
              instruction: 'Make the access tokens that were given worthless.',
              command: shellCommand(['az', 'role', 'assignment', 'delete', `--assignee=${client_id}`]),
            },
            {
              instruction:
                'Look in the sign-in logs of the identity for sign-ins that are not in the audit of the vendor.',
            },
            consent_redirect_uri === undefined
              ? {
                  instruction:
                    'Open the door again, a day or more after the key was revoked: deploy azuredeploy.json once more.',
                }
              : {
                  instruction:
                    'Open the door again, a day or more after the key was revoked, and assign its roles anew.',
                  command: shellCommand([
                    'az',
                    'ad',
                    'sp',
                    'update',
                    `--id=${client_id}`,
                    '--set',
                    'accountEnabled=true',
                  ]),
                },
          ],
  };
}

const identityId = (clientId: string): string =>
  `az identity list --query ${shellWord(`[?clientId=='${clientId}'].id`)} --output tsv`;
