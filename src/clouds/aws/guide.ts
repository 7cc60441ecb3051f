/** What an AWS administrator is told and asked. */
import { shellCommand } from '../encode/index.ts';
import { type Files, factsOf, type Guide, opening, type Way } from '../guide.ts';
import { grantsOf } from './grants.ts';
import type { AwsPermissionSet } from './options.ts';
import { consoleOf, partitionFor } from './partitions.ts';
import type { AwsTarget } from './target.ts';

const stack = 'sojourn';
const template = 'cloudformation.json';

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
  makes: (given) => [
    'An IAM OIDC identity provider, by which your account recognizes the issuer below.',
    (given as AwsTarget).role_arn === undefined
      ? 'An IAM role that trusts this issuer for the one subject and audience below, and for nothing else.'
      : 'In your own role one more statement, which trusts this issuer for the one subject and audience below; or, if you choose so, a role made anew that trusts nothing else.',
  ],
  allows(given, permissions) {
    const { duration_seconds, session_policy, session_tags } = given as AwsTarget;
    const grants = Object.entries(permissions as Readonly<Record<string, AwsPermissionSet>>).flatMap(
      ([name, set]) => grantsOf(name, set),
    );
    return [
      ...(grants.length > 0
        ? [...grants, 'Besides these only what the policies permit that you attach to the role yourself.']
        : [
            'Only what the policies permit that you attach to the role: you choose them when you create the stack (ManagedPolicyArns), and may set a boundary (PermissionsBoundary). With none the role can say who it is, and no more.',
          ]),
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
  undo: 'Delete the stack, the role, or the statement in its trust policy: no session begins any more.',
  ways: (given, files) => [
    ...ownRole(given as AwsTarget, files),
    {
      title: 'One click in the console',
      say: 'CloudFormation opens with everything filled in.',
      reports: true,
      needs: 'quick-create.uri',
      steps: [
        {
          say: 'Acknowledge that it makes IAM resources, and create the stack.',
          ...opening(files, 'quick-create.uri', 'Open CloudFormation'),
        },
      ],
    },
    {
      title: 'In the console',
      say: 'You upload the template to CloudFormation.',
      reports: true,
      needs: 'console.uri',
      steps: [
        { say: 'Download the CloudFormation template and read it.', file: template },
        {
          say: 'Create a stack from it: choose “Upload a template file”, then the policies that you grant, and acknowledge that it makes IAM resources.',
          ...opening(files, 'console.uri', 'Open CloudFormation'),
        },
      ],
    },
    {
      title: 'With a script',
      say: 'Around the AWS command line, in CloudShell or wherever it is signed in to the account.',
      reports: true,
      needs: 'setup.sh',
      steps: fetchAndRun(given as AwsTarget, files, 'setup.sh'),
    },
    {
      title: 'With Terraform',
      say: 'A module of one file, for an account that Terraform keeps.',
      reports: true,
      needs: 'main.tf',
      steps: [
        { say: 'Download the file and read it.', file: 'main.tf' },
        { say: 'Apply it.', run: 'terraform init && terraform apply' },
      ],
    },
    {
      title: 'With CloudFormation on the command line',
      say: 'The same template as in the console, for a pipeline.',
      reports: true,
      needs: template,
      steps: [
        { say: 'Fetch the template.', run: shellCommand(['curl', '-sSfo', template, files.urlOf(template)]) },
        {
          say: 'Deploy it. Add --parameter-overrides ManagedPolicyArns=ARN for what else the role may do.',
          run: `aws cloudformation deploy --stack-name ${stack} --template-file ${template} --capabilities CAPABILITY_NAMED_IAM`,
        },
      ],
    },
  ],
};

/** Where the role is known, it may be one that is there and is kept. */
const ownRole = (target: AwsTarget, files: Files): readonly Way[] => [
  {
    title: 'Keep your role, with a script',
    say: 'Adds one statement to the trust of the role that you have, and leaves the others as they are.',
    reports: true,
    needs: 'keep-role.sh',
    steps: fetchAndRun(target, files, 'keep-role.sh'),
  },
  {
    title: 'Keep your role, by hand',
    say: 'The same in the IAM console, or in the code that keeps the role.',
    needs: 'trust-statement.json',
    steps: [
      { say: 'Add an OIDC identity provider with the issuer and audience below. No thumbprint is needed.' },
      {
        say: 'Add this statement to the trust policy of the role, beside those that are there.',
        file: 'trust-statement.json',
      },
      { say: 'Report the ARN of the role below.' },
    ],
  },
];

const fetchAndRun = (target: AwsTarget, files: Files, file: string): Way['steps'] => [
  {
    say: 'Fetch the script and read it.',
    run: shellCommand(['curl', '-sSfo', file, files.urlOf(file)]),
    // docs.aws.amazon.com/cloudshell: in the regions of this partition.
    ...(partitionFor(target) === 'aws'
      ? { open: { label: 'Open CloudShell', url: `https://${consoleOf('aws')}/cloudshell/home` } }
      : {}),
  },
  { say: 'Run it; it may be run again.', run: `sh ${file}` },
];
