/** What a customer does in Azure after a signing key of the issuer may have leaked. */
import type { LeakAdvice, LeakFacts } from '../contract/index.ts';
import { shellCommand, shellWord } from '../encode/index.ts';
import { credentialName } from './plan.ts';
import type { AzureTarget } from './target.ts';

export function leakAdvice(
  { client_id, consent_redirect_uri }: AzureTarget,
  { connection }: LeakFacts,
): LeakAdvice {
  return {
    trustedFor:
      'Unknown: Entra caches the keys of an issuer and documents no limit; expect a day. An access token that was already issued stays valid until it expires, about an hour.',
    steps:
      client_id === undefined
        ? []
        : [
            consent_redirect_uri === undefined
              ? {
                  instruction: 'Block all access: the identity then accepts no token of this issuer.',
                  command: `az resource delete --ids "$(${identityId(client_id)})"/federatedIdentityCredentials/${shellWord(credentialName(connection.id))}`,
                }
              : {
                  instruction:
                    'Block all access: the application of the vendor can then not sign in to this directory.',
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
              instruction: 'Remove the roles, so that access tokens that were already issued allow nothing.',
              command: shellCommand(['az', 'role', 'assignment', 'delete', `--assignee=${client_id}`]),
            },
            {
              instruction:
                'Search the sign-in logs of the identity for sign-ins that are not in the audit log of the vendor.',
            },
            consent_redirect_uri === undefined
              ? {
                  instruction:
                    'Restore access, at least a day after the key was revoked: deploy azuredeploy.json again.',
                }
              : {
                  instruction:
                    'Restore access, at least a day after the key was revoked, and assign the roles again.',
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
