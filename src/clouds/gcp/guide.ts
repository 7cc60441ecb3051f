/** What a Google Cloud administrator is told and asked. */
import { shellCommand } from '../encode/index.ts';
import { factsOf, type Guide, opening } from '../guide.ts';
import type { GcpPermissionSet } from './options.ts';
import type { GcpTarget } from './target.ts';

export const guide: Guide = {
  title: 'Google Cloud',
  place: 'your Google Cloud project',
  reports: [
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
  makes: () => [
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
  facts(given) {
    const { project_number, pool_id, provider_id, service_account } = given as GcpTarget;
    return factsOf({
      'Project number': project_number,
      'Pool ID': pool_id,
      'Provider ID': provider_id,
      'Service account': service_account,
    });
  },
  undo: 'Delete the provider, or the pool: no token is given for it any more.',
  ways: (_, files) => [
    {
      title: 'One line in Cloud Shell',
      say: 'It fetches the script, sees that it is unaltered, and runs it.',
      reports: true,
      needs: 'cloud-shell.sh',
      steps: [
        {
          say: 'Open Cloud Shell in the project, and paste this line.',
          run: files.contentOf('cloud-shell.sh')?.trim() ?? '',
          ...opening(files, 'cloud-shell.uri', 'Open Cloud Shell'),
        },
      ],
    },
    {
      title: 'With gcloud',
      say: 'In Cloud Shell, or wherever gcloud is signed in to the project.',
      reports: true,
      needs: 'setup.sh',
      steps: [
        {
          say: 'Fetch the script and read it.',
          run: shellCommand(['curl', '-sSfo', 'setup.sh', files.urlOf('setup.sh')]),
          ...opening(files, 'cloud-shell.uri', 'Open Cloud Shell'),
        },
        { say: 'Run it; it may be run again.', run: 'sh setup.sh' },
      ],
    },
    {
      title: 'With Terraform',
      say: 'A module of one file, for a project that Terraform keeps.',
      reports: true,
      needs: 'main.tf',
      steps: [
        { say: 'Download the file and read it.', file: 'main.tf' },
        { say: 'Apply it.', run: 'terraform init && terraform apply' },
      ],
    },
    {
      title: 'With the APIs',
      say: 'The calls in their order, for tools of your own.',
      needs: 'requests.json',
      steps: [
        { say: 'Download the list, and send each call as it stands there.', file: 'requests.json' },
        { say: 'Then confirm the ids below.' },
      ],
    },
  ],
};
