/** What a customer does in AWS after a signing key of the issuer may have leaked. */
import type { LeakAdvice, LeakFacts } from '../contract/index.ts';
import { shellCommand } from '../encode/index.ts';
import type { AwsTarget } from './target.ts';
import { providerArn } from './trust.ts';

export function leakAdvice(
  { role_arn }: AwsTarget,
  { issuer, audience, compromisedBefore }: LeakFacts,
): LeakAdvice {
  const provider = role_arn === undefined ? undefined : providerArn(role_arn, issuer);
  return {
    // Measured with the real STS: a removed key was refused at the next call if the JWKS was not cacheable.
    trustedFor:
      'Minutes: STS fetches the JWKS often; up to 30 minutes have been reported. A session that was already issued stays valid until it expires, 12 hours at most, even if the key is revoked.',
    steps:
      role_arn === undefined || provider === undefined
        ? []
        : [
            {
              instruction: 'Block all access: the provider then accepts no token.',
              command: iam('remove-client-id-from-open-id-connect-provider', [
                `--open-id-connect-provider-arn=${provider}`,
                `--client-id=${audience}`,
              ]),
            },
            {
              instruction: 'End the sessions that were issued until now.',
              command: iam('put-role-policy', [
                `--role-name=${role_arn.slice(role_arn.lastIndexOf('/') + 1)}`,
                '--policy-name=AWSRevokeOlderSessions',
                `--policy-document=${JSON.stringify(denyBefore(compromisedBefore))}`,
              ]),
            },
            {
              instruction:
                'Search CloudTrail for AssumeRoleWithWebIdentity events of this role whose session name is not in the audit log of the vendor.',
            },
            {
              instruction: 'Restore access, at least half an hour after the key was revoked.',
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
const denyBefore = (time: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Deny',
      Action: ['*'],
      Resource: ['*'],
      Condition: { DateLessThan: { 'aws:TokenIssueTime': time } },
    },
  ],
});
