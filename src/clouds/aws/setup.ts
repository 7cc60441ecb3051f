/** What a customer applies in an AWS account. */
import type { Artefact, SetupFacts } from '../contract.ts';
import type { AwsTarget } from './target.ts';
import { cloudFormation } from './template.ts';
import { providerArn, trustPolicy } from './trust.ts';

export function setup(target: AwsTarget, facts: SetupFacts): readonly Artefact[] {
  const template: Artefact = {
    name: 'cloudformation.json',
    mediaType: 'application/json',
    title:
      'CloudFormation template: aws cloudformation deploy --template-file cloudformation.json --stack-name NAME --capabilities CAPABILITY_NAMED_IAM',
    content: write(cloudFormation(target, facts)),
  };
  if (target.role_arn === undefined) return [template];
  return [
    template,
    {
      name: 'trust-policy.json',
      mediaType: 'application/json',
      title:
        'Trust policy alone, for a role and an OIDC provider of your own making: aws iam update-assume-role-policy --role-name NAME --policy-document file://trust-policy.json',
      content: write(trustPolicy(target, facts, providerArn(target.role_arn, facts.issuer))),
    },
  ];
}

const write = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;
