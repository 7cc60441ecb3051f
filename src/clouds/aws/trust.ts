/** The trust policy of an AWS role: this issuer, exactly one audience and one subject. */
import type { SetupFacts } from '../contract/index.ts';
import type { AwsTarget } from './target.ts';

/** IAM's name of the provider: the issuer without its scheme, with its path. Every condition key starts with it. */
export const providerName = (issuer: string): string => issuer.slice(issuer.indexOf('://') + 3);

/** The ARN of the provider in the account of the role. */
export function providerArn(role: string, issuer: string): string {
  const [arn, partition, iam, , account] = role.split(':');
  return [arn, partition, iam, '', account, `oidc-provider/${providerName(issuer)}`].join(':');
}

/**
 * AWS requires a `sub` condition only for the shared issuers that it lists, and this issuer is not one of them. So both
 * conditions are always written, with StringEquals, which has no wildcards.
 * @param federated the ARN of the provider, or a CloudFormation function that returns it
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

/** Session tags and a source identity each need their own permission, granted only if the token has the claim. */
const actions = ({ session_tags, source_identity }: AwsTarget): readonly string[] => [
  'sts:AssumeRoleWithWebIdentity',
  ...(session_tags && Object.keys(session_tags).length > 0 ? ['sts:TagSession'] : []),
  ...(source_identity ? ['sts:SetSourceIdentity'] : []),
];
