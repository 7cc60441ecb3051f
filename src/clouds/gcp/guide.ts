/** The guide for a Google Cloud administrator. */

import { type Guide, labeledValues, linkIn } from '../contract/guide.ts';
import { shellCommand } from '../encode/index.ts';
import { poolOwner } from './existing-pool.ts';
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
      hint: 'The e-mail address of the service account, if you use one.',
      example: 'deployer@acme-prod.iam.gserviceaccount.com',
      optional: true,
    },
  ],
  creates: (target, { established }) => [
    `${poolOwner(target as GcpTarget, established) ? 'In the pool of your other connections,' : 'A workload identity pool with'} an OIDC provider that trusts the issuer below only for the audience below.`,
    'A condition on the provider that admits only the subject below.',
  ],
  allows(target, permissions) {
    const { service_account, scopes } = target as GcpTarget;
    const sets = Object.entries(permissions as Readonly<Record<string, GcpPermissionSet>>);
    return [
      ...sets.map(
        ([name, { roles }]) => `${name}: the permissions of these roles in the project: ${roles.join(', ')}.`,
      ),
      service_account
        ? `Impersonate ${service_account}, with the roles that you grant to this account.`
        : 'Only what the roles allow that you grant to the subject (principal://…). Without a role it can do nothing.',
      `Access tokens for ${scopes.join(', ')}, which expire automatically.`,
    ];
  },
  knownValues(target) {
    const { project_number, pool_id, provider_id, service_account } = target as GcpTarget;
    return labeledValues({
      'Project number': project_number,
      'Pool ID': pool_id,
      'Provider ID': provider_id,
      'Service account': service_account,
    });
  },
  undo: 'Delete the provider. Delete the pool only if no other connection uses it. After that, no token is issued for it.',
  methods: (_, files) => [
    {
      title: 'One line in Cloud Shell',
      summary: 'It downloads the script, checks its SHA-256 hash, and runs it.',
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
      summary: 'In Cloud Shell, or on a machine where gcloud is signed in to the project.',
      reportsIds: true,
      requiredFile: 'setup.sh',
      steps: [
        {
          instruction: 'Fetch the script and read it.',
          command: shellCommand(['curl', '-sSfo', 'setup.sh', files.urlOf('setup.sh')]),
          ...linkIn(files, 'cloud-shell.uri', 'Open Cloud Shell'),
        },
        { instruction: 'Run it. You can run it again at any time.', command: 'sh setup.sh' },
      ],
    },
    {
      title: 'With Terraform',
      summary: 'A configuration in one file, for a project managed with Terraform.',
      reportsIds: true,
      requiredFile: 'main.tf',
      steps: [
        { instruction: 'Download the file and read it.', file: 'main.tf' },
        { instruction: 'Apply it.', command: 'terraform init && terraform apply' },
      ],
    },
    {
      title: 'With the APIs',
      summary: 'The API calls in order, for your own tools.',
      requiredFile: 'requests.json',
      steps: [
        {
          instruction: 'Download the list, and send the calls unchanged and in order.',
          file: 'requests.json',
        },
        { instruction: 'Then report the ids below.' },
      ],
    },
  ],
};
