/** What a Google Cloud administrator is told and asked. */
import { shellCommand } from '../encode/index.ts';
import { type Guide, labeledValues, linkIn } from '../guide.ts';
import type { GcpPermissionSet } from './options.ts';
import type { GcpTarget } from './target.ts';

export const guide: Guide = {
  title: 'Google Cloud',
  accessTo: 'your Google Cloud project',
  reportFields: [
    {
      name: 'project_number',
      label: 'Project number',
      hint: "The number, not the id: gcloud projects describe PROJECT_ID --format='value(projectNumber)'",
      example: '123456789012',
    },
    { name: 'pool_id', label: 'Pool ID', hint: 'The workload identity pool.', example: 'vendor-pool' },
    {
      name: 'provider_id',
      label: 'Provider ID',
      hint: 'The OIDC provider in the pool.',
      example: 'vendor-idp',
    },
    {
      name: 'service_account',
      label: 'Service account',
      hint: 'Its e-mail address, where one is used.',
      example: 'deployer@acme-prod.iam.gserviceaccount.com',
      optional: true,
    },
  ],
  creates: () => [
    'A workload identity pool, and in it an OIDC provider that trusts the issuer below for the one audience below.',
    'A condition on the provider that admits the one subject below, and nobody else.',
  ],
  allows(given, permissions) {
    const { service_account, scopes } = given as GcpTarget;
    const sets = Object.entries(permissions as Readonly<Record<string, GcpPermissionSet>>);
    return [
      ...sets.map(
        ([name, { roles }]) => `${name}: in the project, what these roles permit: ${roles.join(', ')}.`,
      ),
      service_account
        ? `To act as ${service_account}, with the roles that you grant to this account.`
        : 'Only what the roles permit that you grant to the one subject (principal://…). With none it can do nothing.',
      `Access tokens for ${scopes.join(', ')}, which end by themselves.`,
    ];
  },
  knownValues(given) {
    const { project_number, pool_id, provider_id, service_account } = given as GcpTarget;
    return labeledValues({
      'Project number': project_number,
      'Pool ID': pool_id,
      'Provider ID': provider_id,
      'Service account': service_account,
    });
  },
  undo: 'Delete the provider, or the pool: no token is given for it any more.',
  methods: (_, files) => [
    {
      title: 'One line in Cloud Shell',
      summary: 'It fetches the script, sees that it is unaltered, and runs it.',
      reportsIds: true,
      requiredFile: 'cloud-shell.sh',
      steps: [
        {
          instruction: 'Open Cloud Shell in the project, and paste this line.',
          command: files.contentOf('cloud-shell.sh')?.trim() ?? '',
          ...linkIn(files, 'cloud-shell.uri', 'Open Cloud Shell'),
        },
      ],
    },
    {
      title: 'With gcloud',
      summary: 'In Cloud Shell, or wherever gcloud is signed in to the project.',
      reportsIds: true,
      requiredFile: 'setup.sh',
      steps: [
        {
          instruction: 'Fetch the script and read it.',
          command: shellCommand(['curl', '-sSfo', 'setup.sh', files.urlOf('setup.sh')]),
          ...linkIn(files, 'cloud-shell.uri', 'Open Cloud Shell'),
        },
        { instruction: 'Run it; it may be run again.', command: 'sh setup.sh' },
      ],
    },
    {
      title: 'With Terraform',
      summary: 'A module of one file, for a project that Terraform keeps.',
      reportsIds: true,
      requiredFile: 'main.tf',
      steps: [
        { instruction: 'Download the file and read it.', file: 'main.tf' },
        { instruction: 'Apply it.', command: 'terraform init && terraform apply' },
      ],
    },
    {
      title: 'With the APIs',
      summary: 'The calls in their order, for tools of your own.',
      requiredFile: 'requests.json',
      steps: [
        { instruction: 'Download the list, and send each call as it stands there.', file: 'requests.json' },
        { instruction: 'Then confirm the ids below.' },
      ],
    },
  ],
};
