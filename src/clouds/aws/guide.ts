/** What an AWS administrator is told and asked. */
import { shellCommand } from '../encode/index.ts';
import { factsOf, type Guide } from '../guide.ts';
import { consoleOf } from './partitions.ts';
import type { AwsTarget } from './target.ts';

const stack = 'sojourn';

export const guide: Guide = {
  title: 'Amazon Web Services',
  place: 'your AWS account',
  reports: [
    {
      name: 'role_arn',
      label: 'Role ARN',
      hint: 'RoleArn in the Outputs of the stack, or the ARN of your own role.',
      example: 'arn:aws:iam::111122223333:role/sojourn-Role-1A2B3C',
    },
  ],
  makes: [
    'An IAM OIDC identity provider, by which your account recognizes the issuer below.',
    'An IAM role that trusts this issuer for the one subject and audience below, and for nothing else.',
  ],
  allows(given) {
    const { duration_seconds, session_policy, session_tags } = given as AwsTarget;
    return [
      'Only what the policies permit that you attach to the role: you choose them when you create the stack (ManagedPolicyArns), and may set a boundary (PermissionsBoundary). With none the role can say who it is, and no more.',
      `Sessions end by themselves, ${duration_seconds / 60} minutes after they began at the latest.`,
      ...(session_policy
        ? [`Every session is narrowed further by this session policy: ${session_policy}`]
        : []),
      ...(session_tags && Object.keys(session_tags).length > 0
        ? [
            `Every session carries the tags ${Object.entries(session_tags)
              .map(([key, value]) => `${key}=${value}`)
              .join(', ')}, on which your policies can build.`,
          ]
        : []),
    ];
  },
  facts(given) {
    const { role_arn, region } = given as AwsTarget;
    return factsOf({ 'Role ARN': role_arn, Region: region });
  },
  undo: 'Delete the stack, or the role: no session begins any more.',
  ways(given, urlOf) {
    const { role_arn, region } = given as AwsTarget;
    const file = 'cloudformation.json';
    return [
      {
        title: 'In the console',
        needs: file,
        steps: [
          { say: 'Download the CloudFormation template and read it.', file },
          {
            say: 'Create a stack from it: choose “Upload a template file”, then the policies that you grant, and acknowledge that it makes IAM resources.',
            open: { label: 'Open CloudFormation', url: consoleOf(role_arn, region) },
          },
          { say: 'When the stack is complete, copy RoleArn from its Outputs and report it below.' },
        ],
      },
      {
        title: 'On the command line',
        needs: file,
        steps: [
          {
            say: 'Fetch the template.',
            run: shellCommand(['curl', '-sSfo', file, urlOf(file)]),
          },
          {
            say: 'Deploy it. Add --parameter-overrides ManagedPolicyArns=ARN for what the role may do.',
            run: `aws cloudformation deploy --stack-name ${stack} --template-file ${file} --capabilities CAPABILITY_NAMED_IAM`,
          },
          {
            say: 'Read the ARN of the role and report it below.',
            run: `aws cloudformation describe-stacks --stack-name ${stack} --query "Stacks[0].Outputs[?OutputKey=='RoleArn'].OutputValue" --output text`,
          },
        ],
      },
      {
        title: 'With a role of your own',
        steps: [
          {
            say: 'Add an OIDC identity provider with the issuer and audience below. No thumbprint is needed.',
          },
          {
            say: 'Let the role’s trust policy permit sts:AssumeRoleWithWebIdentity to it, with StringEquals on both subject and audience; the template shows the exact text.',
          },
          { say: 'Report the ARN of the role below.' },
        ],
      },
    ];
  },
};
