/** What an AWS administrator is told and asked. */
import { shellCommand } from '../encode/index.ts';
import { type Files, type Guide, labeledValues, linkIn, type SetupMethod } from '../guide.ts';
import { grantsOf } from './grants.ts';
import type { AwsPermissionSet } from './options.ts';
import { consoleOf, partitionFor } from './partitions.ts';
import type { AwsTarget } from './target.ts';

const stack = 'sojourn';
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
  creates: (given) => [
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
  knownValues(given) {
    const { role_arn, region } = given as AwsTarget;
    return labeledValues({ 'Role ARN': role_arn, Region: region });
  },
  undo: 'Delete the stack, the role, or the statement in its trust policy: no session begins any more.',
  methods: (given, files) => [
    ...ownRole(given as AwsTarget, files),
    {
      title: 'One click in the console',
      summary: 'CloudFormation opens with everything filled in.',
      reportsIds: true,
      requiredFile: 'quick-create.uri',
      steps: [
        {
          instruction: 'Acknowledge that it makes IAM resources, and create the stack.',
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
            'Create a stack from it: choose “Upload a template file”, then the policies that you grant, and acknowledge that it makes IAM resources.',
          ...linkIn(files, 'console.uri', 'Open CloudFormation'),
        },
      ],
    },
    {
      title: 'With a script',
      summary: 'Around the AWS command line, in CloudShell or wherever it is signed in to the account.',
      reportsIds: true,
      requiredFile: 'setup.sh',
      steps: fetchAndRun(given as AwsTarget, files, 'setup.sh'),
    },
    {
      title: 'With Terraform',
      summary: 'A module of one file, for an account that Terraform keeps.',
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
            'Deploy it. Add --parameter-overrides ManagedPolicyArns=ARN for what else the role may do.',
          command: `aws cloudformation deploy --stack-name ${stack} --template-file ${template} --capabilities CAPABILITY_NAMED_IAM`,
        },
      ],
    },
  ],
};

/** Where the role is known, it may be one that is there and is kept. */
const ownRole = (target: AwsTarget, files: Files): readonly SetupMethod[] => [
  {
    title: 'Keep your role, with a script',
    summary: 'Adds one statement to the trust of the role that you have, and leaves the others as they are.',
    reportsIds: true,
    requiredFile: 'keep-role.sh',
    steps: fetchAndRun(target, files, 'keep-role.sh'),
  },
  {
    title: 'Keep your role, by hand',
    summary: 'The same in the IAM console, or in the code that keeps the role.',
    requiredFile: 'trust-statement.json',
    steps: [
      {
        instruction:
          'Add an OIDC identity provider with the issuer and audience below. No thumbprint is needed.',
      },
      {
        instruction: 'Add this statement to the trust policy of the role, beside those that are there.',
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
  { instruction: 'Run it; it may be run again.', command: `sh ${file}` },
];
