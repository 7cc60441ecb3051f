/** The set-up files for an AWS account: one plan in several formats. */
import type { SetupFacts, SetupFile } from '../contract/index.ts';
import { keepRoleScript } from './keep-role.ts';
import { connectionStatement } from './merge-trust.ts';
import { stackName } from './names.ts';
import { defaultRegionOf, partitionFor } from './partitions.ts';
import { type Plan, planOf } from './plan.ts';
import { awsScript } from './script.ts';
import { spansAccounts, stackSets } from './stackset.ts';
import { stackSetScript, templateName } from './stackset-script.ts';
import type { AwsTarget } from './target.ts';
import { cloudFormation } from './template.ts';
import { terraform } from './terraform.ts';
import { providerArn, trustPolicy } from './trust.ts';

export function setup(target: AwsTarget, facts: SetupFacts): readonly SetupFile[] {
  const plan = planOf(target, facts);
  if (spansAccounts(plan)) return stackSet(plan, target, facts.connection.id);
  return [
    {
      name: 'cloudformation.json',
      mediaType: 'application/json',
      title: `CloudFormation template. Deploy with: aws cloudformation deploy --template-file cloudformation.json --stack-name ${stackName(facts.connection.id)} --capabilities CAPABILITY_NAMED_IAM`,
      content: write(cloudFormation(plan)),
      publiclyReadable: true,
    },
    {
      name: 'main.tf',
      mediaType: 'text/plain',
      title: 'Terraform configuration. Apply with: terraform init && terraform apply',
      content: terraform(plan),
    },
    {
      name: 'setup.sh',
      mediaType: 'text/x-shellscript',
      title: 'Script that uses the AWS CLI and can be run repeatedly: sh setup.sh',
      content: awsScript(plan),
    },
    ...(target.role_arn === undefined
      ? []
      : [
          {
            name: 'trust-statement.json',
            mediaType: 'application/json',
            title: 'Statement to add to the trust policy of an existing role that also trusts others',
            content: write(connectionStatement(target, facts, providerArn(target.role_arn, facts.issuer))),
          },
          {
            name: 'keep-role.sh',
            mediaType: 'text/x-shellscript',
            title:
              'Script that adds this statement to the existing role; needs jq and can be run repeatedly: sh keep-role.sh',
            content: keepRoleScript(plan, target.role_arn),
          },
          {
            name: 'trust-policy.json',
            mediaType: 'application/json',
            title:
              'Trust policy for a role and an OIDC provider that you create yourself; it replaces the current trust of the role: aws iam update-assume-role-policy --role-name NAME --policy-document file://trust-policy.json',
            content: write(trustPolicy(target, facts, providerArn(target.role_arn, facts.issuer))),
          },
        ]),
  ];
}

function stackSet(plan: Plan, target: AwsTarget, connection: string): readonly SetupFile[] {
  const sets = stackSets(plan);
  return [
    ...sets.map((set) => ({
      name: templateName(set),
      mediaType: 'application/json',
      title: 'CloudFormation template for accounts of an organization, each with its own role and subject',
      content: set.template,
    })),
    {
      name: 'stackset.sh',
      mediaType: 'text/x-shellscript',
      title:
        'Script that deploys the templates to the accounts of an organization and can be run repeatedly: sh stackset.sh ORGANIZATIONAL_UNIT',
      content: stackSetScript(sets, connection, target.region ?? defaultRegionOf(partitionFor(target))),
    },
  ];
}

const write = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;
