/** Whom an AWS role trusts: this issuer, for exactly one audience and one subject. */
import type { SetupFacts } from '../contract.ts';
import type { AwsTarget } from './target.ts';

/** What IAM calls the provider: the issuer without its scheme, path included. It heads every condition key. */
export const providerName = (issuer: string): string => issuer.slice(issuer.indexOf('://') + 3);

/** The ARN of the provider in the account of the role. */
export function providerArn(role: string, issuer: string): string {
  const [arn, partition, iam, , account] = role.split(':');
  return [arn, partition, iam, '', account, `oidc-provider/${providerName(issuer)}`].join(':');
}

/**
 * AWS refuses trust without a `sub` condition only for the shared issuers that it lists, and this one is not listed:
 * both conditions are always written, and StringEquals knows no wildcard.
 * @param federated the ARN of the provider, or a CloudFormation function that gives it
 */
export function trustPolicy<Federated>(
  target: AwsTarget,
  { issuer, audience, subject }: SetupFacts,
  federated: Federated,
) {
  const name = providerName(issuer);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: federated },
        Action: actions(target),
        Condition: { StringEquals: { [`${name}:aud`]: audience, [`${name}:sub`]: subject } },
      },
    ],
  };
}

/** Session tags and a source identity each need their own permission; without the claim it would only be a gift. */
const actions = ({ session_tags, source_identity }: AwsTarget): readonly string[] => [
  'sts:AssumeRoleWithWebIdentity',
  ...(session_tags && Object.keys(session_tags).length > 0 ? ['sts:TagSession'] : []),
  ...(source_identity ? ['sts:SetSourceIdentity'] : []),
];
