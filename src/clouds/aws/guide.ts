/** The guide for an AWS administrator. */

import { type Files, type Guide, labeledValues, linkIn, type SetupMethod } from '../contract/guide.ts';
import { shellCommand } from '../encode/index.ts';
import { providerOwner } from './existing-provider.ts';
import { stackName } from './names.ts';
import type { AwsPermissionSet } from './options.ts';
import { consoleOf, partitionFor } from './partitions.ts';
import { permissionTexts } from './permission-texts.ts';
import type { AwsTarget } from './target.ts';

const template = 'cloudformation.json';

export const guide: Guide = {
  title: 'Amazon Web Services',
  accessTo: 'your AWS account',
  reportFields: [
    {
      name: 'role_arn',
      label: 'Role ARN',
      hint: 'RoleArn in the Outputs of the stack, or the ARN of your own role.',
      example: 'arn:aws:iam::111122223333:role/sojourn-Role-1A2B3C',
    },
  ],
  creates: (target, { established }) => [
    providerText(providerOwner(target as AwsTarget, established)?.id),
    (target as AwsTarget).role_arn === undefined
      ? 'An IAM role that trusts this issuer only for the subject and audience below.'
      : 'One more statement in the trust policy of your role, which trusts this issuer only for the subject and audience below; or, if you prefer, a new role that trusts nothing else.',
  ],
  allows(target, permissions) {
    const { duration_seconds, session_policy, session_tags } = target as AwsTarget;
    const grants = Object.entries(permissions as Readonly<Record<string, AwsPermissionSet>>).flatMap(
      ([name, set]) => permissionTexts(name, set),
    );
    return [
      ...(grants.length > 0
        ? [...grants, 'In addition, only what the policies allow that you attach to the role yourself.']
        : [
            'Only what the policies allow that you attach to the role. You choose them when you create the stack (ManagedPolicyArns) and can set a boundary (PermissionsBoundary). Without a policy, the role can only show its own identity.',
          ]),
      `Sessions end automatically, at most ${duration_seconds / 60} minutes after they start.`,
      ...(session_policy ? [`This session policy restricts every session further: ${session_policy}`] : []),
      ...(session_tags && Object.keys(session_tags).length > 0
        ? [
            `Every session carries the tags ${Object.entries(session_tags)
              .map(([key, value]) => `${key}=${value}`)
              .join(', ')}, which your policies can test.`,
          ]
        : []),
    ];
  },
  knownValues(target) {
    const { role_arn, region } = target as AwsTarget;
    return labeledValues({ 'Role ARN': role_arn, Region: region });
  },
  undo: 'Delete the stack, the role, or the statement in its trust policy. After that, no new session can start.',
  methods: (target, files, { connection }) => [
    ...ownRole(target as AwsTarget, files),
    {
      title: 'One click in the console',
      summary: 'CloudFormation opens with all parameters filled in.',
      reportsIds: true,
      requiredFile: 'quick-create.uri',
      steps: [
        {
          instruction: 'Acknowledge that the stack creates IAM resources, and create it.',
          ...linkIn(files, 'quick-create.uri', 'Open CloudFormation'),
        },
      ],
    },
    {
      title: 'In the console',
      summary: 'You upload the template to CloudFormation.',
      reportsIds: true,
      requiredFile: 'console.uri',
      steps: [
        { instruction: 'Download the CloudFormation template and read it.', file: template },
        {
          instruction:
            'Create a stack from it: choose “Upload a template file”, then the policies that you grant, and acknowledge that it creates IAM resources.',
          ...linkIn(files, 'console.uri', 'Open CloudFormation'),
        },
      ],
    },
    {
      title: 'With a script',
      summary: 'The script uses the AWS CLI, in CloudShell or on a machine that is signed in to the account.',
      reportsIds: true,
      requiredFile: 'setup.sh',
      steps: fetchAndRun(target as AwsTarget, files, 'setup.sh'),
    },
    {
      title: 'With Terraform',
      summary: 'A configuration in one file, for an account managed with Terraform.',
      reportsIds: true,
      requiredFile: 'main.tf',
      steps: [
        { instruction: 'Download the file and read it.', file: 'main.tf' },
        { instruction: 'Apply it.', command: 'terraform init && terraform apply' },
      ],
    },
    {
      title: 'With CloudFormation on the command line',
      summary: 'The same template as in the console, for a pipeline.',
      reportsIds: true,
      requiredFile: template,
      steps: [
        {
          instruction: 'Fetch the template.',
          command: shellCommand(['curl', '-sSfo', template, files.urlOf(template)]),
        },
        {
          instruction:
            'Deploy it. Add --parameter-overrides ManagedPolicyArns=ARN to grant the role more permissions.',
          command: `aws cloudformation deploy --stack-name ${stackName(connection.id)} --template-file ${template} --capabilities CAPABILITY_NAMED_IAM`,
        },
      ],
    },
  ],
};

const providerText = (owner: string | undefined): string =>
  owner === undefined
    ? 'An IAM OIDC identity provider, which lets your account recognize the issuer below.'
    : `No OIDC identity provider: the set-up of connection ${owner} created the one of the issuer below. If you use another account, choose true for CreateProvider (create_provider in Terraform).`;

/** Methods for an existing role, which keep its other trust statements. */
const ownRole = (target: AwsTarget, files: Files): readonly SetupMethod[] => [
  {
    title: 'Keep your role, with a script',
    summary: 'Adds one statement to the trust policy of your role and keeps the other statements.',
    reportsIds: true,
    requiredFile: 'keep-role.sh',
    steps: fetchAndRun(target, files, 'keep-role.sh'),
  },
  {
    title: 'Keep your role, by hand',
    summary: 'The same in the IAM console, or in the code that manages the role.',
    requiredFile: 'trust-statement.json',
    steps: [
      {
        instruction:
          'Add an OIDC identity provider with the issuer and audience below. No thumbprint is needed.',
      },
      {
        instruction: 'Add this statement to the trust policy of the role and keep the existing ones.',
        file: 'trust-statement.json',
      },
      { instruction: 'Report the ARN of the role below.' },
    ],
  },
];

const fetchAndRun = (target: AwsTarget, files: Files, file: string): SetupMethod['steps'] => [
  {
    instruction: 'Fetch the script and read it.',
    command: shellCommand(['curl', '-sSfo', file, files.urlOf(file)]),
    // docs.aws.amazon.com/cloudshell: in the regions of this partition.
    ...(partitionFor(target) === 'aws'
      ? { link: { label: 'Open CloudShell', url: `https://${consoleOf('aws')}/cloudshell/home` } }
      : {}),
  },
  { instruction: 'Run it. You can run it again at any time.', command: `sh ${file}` },
];
