/** What a customer does in Google Cloud after a signing key of the issuer may have leaked. */
import type { LeakAdvice, LeakFacts } from '../contract/index.ts';
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
    // Measured with the real service.
    trustedFor: uploaded_jwks
      ? 'Until its customer uploads a key set without it, which takes effect within seconds. A token that was already issued stays valid until it expires and can be exchanged for service account tokens until then: two hours at most.'
      : 'A day or more: a key that had left the JWKS was still accepted after 21.7 hours. A token that was already issued stays valid until it expires and can be exchanged for service account tokens until then: two hours at most.',
    steps: [
      {
        instruction: 'Block all access: within a second, the provider accepts no token.',
        command: update('--disabled'),
      },
      ...(uploaded_jwks
        ? [
            {
              instruction: 'Run the set-up script of the vendor again: it uploads the keys without this one.',
            },
          ]
        : []),
      ...(service_account === undefined
        ? []
        : [
            {
              instruction:
                'Stop tokens that were already issued from impersonating the service account. This takes up to 90 seconds.',
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
          'Search the audit logs of the project for exchanges of this principal that are not in the audit log of the vendor.',
      },
      {
        instruction:
          'Restore access, two days after the key was revoked. The set-up file restores the binding.',
        command: update('--no-disabled'),
      },
    ],
  };
}
