/** What a customer does in AWS when a signing key of the issuer may be in foreign hands. */
import type { LeakAdvice, LeakFacts } from '../contract.ts';
import { shellCommand } from '../encode/index.ts';
import type { AwsTarget } from './target.ts';
import { providerArn } from './trust.ts';

export function leakAdvice(
  { role_arn }: AwsTarget,
  { issuer, audience, compromisedBefore: at }: LeakFacts,
): LeakAdvice {
  const provider = role_arn === undefined ? undefined : providerArn(role_arn, issuer);
  return {
    // Recorded against the real STS: a key taken away was refused at the next call where the JWKS was not to be cached.
    trustedFor:
      'Minutes: STS fetches the JWKS often, and reports of up to 30 minutes are known. A session that was given lasts to its end, 12 hours at most, whatever happens to the key.',
    steps:
      role_arn === undefined || provider === undefined
        ? []
        : [
            {
              instruction: 'Close the door: the provider takes no token any more.',
              command: iam('remove-client-id-from-open-id-connect-provider', [
                `--open-id-connect-provider-arn=${provider}`,
                `--client-id=${audience}`,
              ]),
            },
            {
              instruction: 'End the sessions that were given until now.',
              command: iam('put-role-policy', [
                `--role-name=${role_arn.slice(role_arn.lastIndexOf('/') + 1)}`,
                '--policy-name=AWSRevokeOlderSessions',
                `--policy-document=${JSON.stringify(denyBefore(at))}`,
              ]),
            },
            {
              instruction:
                'Look in CloudTrail for AssumeRoleWithWebIdentity events of this role whose session name is not in the audit of the vendor.',
            },
            {
              instruction: 'Open the door again, half an hour or more after the key was revoked.',
              command: iam('add-client-id-to-open-id-connect-provider', [
                `--open-id-connect-provider-arn=${provider}`,
                `--client-id=${audience}`,
              ]),
            },
          ],
  };
}

const iam = (action: string, options: readonly string[]): string =>
  shellCommand(['aws', 'iam', action, ...options]);

/** The policy that the console attaches for "Revoke active sessions" (IAM user guide, revoking temporary credentials). */
const denyBefore = (at: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Deny',
      Action: ['*'],
      Resource: ['*'],
      Condition: { DateLessThan: { 'aws:TokenIssueTime': at } },
    },
  ],
});
