/** What a customer does in Google Cloud when a signing key of the issuer may be in foreign hands. */
import type { LeakAdvice, LeakFacts } from '../contract.ts';
import { shellCommand } from '../encode/index.ts';
import { memberName, providerName } from './names.ts';
import type { GcpTarget } from './target.ts';

export function leakAdvice(target: GcpTarget, { subject }: LeakFacts): LeakAdvice {
  const { service_account, uploaded_jwks = false } = target;
  const update = (flag: string) =>
    shellCommand([
      'gcloud',
      'iam',
      'workload-identity-pools',
      'providers',
      'update-oidc',
      providerName(target),
      flag,
    ]);
  return {
    // Measured against the real service.
    trustedFor: uploaded_jwks
      ? 'Until its customer uploads a key set without it, which acts within seconds. A token that was given lasts to its end, and can be traded for tokens of the service account until then: two hours at worst.'
      : 'A day or more: a key gone from the JWKS was still accepted after 21.7 hours. A token that was given lasts to its end, and can be traded for tokens of the service account until then: two hours at worst.',
    steps: [
      {
        instruction: 'Close the door: within a second the provider takes no token any more.',
        command: update('--disabled'),
      },
      ...(uploaded_jwks
        ? [
            {
              instruction:
                'Run the set-up script of the vendor again: the keys that it uploads are those without this one.',
            },
          ]
        : []),
      ...(service_account === undefined
        ? []
        : [
            {
              instruction:
                'Keep the tokens that were given from the service account; this acts after a minute and a half.',
              command: shellCommand([
                'gcloud',
                'iam',
                'service-accounts',
                'remove-iam-policy-binding',
                service_account,
                '--role=roles/iam.workloadIdentityUser',
                `--member=${memberName(target, subject)}`,
                '--condition=None',
              ]),
            },
          ]),
      {
        instruction:
          'Look in the audit logs of the project for exchanges of this principal that are not in the audit of the vendor.',
      },
      {
        instruction:
          'Open the door again, two days after the key was revoked. A binding comes back by the set-up file.',
        command: update('--no-disabled'),
      },
    ],
  };
}
