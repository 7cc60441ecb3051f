/** The guide for an Azure administrator. */

import { type Files, type Guide, labeledValues, linkIn, type SetupMethod } from '../contract/guide.ts';
import { shellCommand } from '../encode/index.ts';
import type { AzurePermissionSet } from './options.ts';
import type { AzureTarget } from './target.ts';

const template = 'azuredeploy.json';

/** learn.microsoft.com/azure/role-based-access-control/built-in-roles. Other roles are shown by their GUID. */
const roleNames: Readonly<Record<string, string>> = {
  '8e3af657-a8ff-443c-a75c-2fe8c4bcb635': 'Owner',
  'b24988ac-6180-42a0-ab88-20f7382dd24c': 'Contributor',
  'acdd72a7-3385-48ef-bd42-f606fba81ae7': 'Reader',
  '43d0d8ad-25c7-4714-9337-8ba259a9fe05': 'Monitoring Reader',
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': 'Storage Blob Data Reader',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
};

const consents = (target: unknown): boolean => (target as AzureTarget).consent_redirect_uri !== undefined;

export const guide: Guide = {
  title: 'Microsoft Azure',
  accessTo: 'a resource group of yours in Azure',
  reportFields: [
    {
      name: 'tenant_id',
      label: 'Directory (tenant) ID',
      hint: 'tenantId in the Outputs of the deployment.',
      example: '11111111-2222-4333-8444-555555555555',
    },
    {
      name: 'client_id',
      label: 'Client ID of the identity',
      hint: 'clientId in the Outputs of the deployment.',
      example: '66666666-7777-4888-9999-000000000000',
    },
  ],
  creates: (target) =>
    consents(target)
      ? ['An enterprise application in your directory, which represents the vendor’s application.']
      : [
          'A user-assigned managed identity in a resource group that you choose.',
          'A federated credential on it, which trusts the issuer below only for the subject and audience below.',
          'Role assignments for the identity, in this resource group only.',
        ],
  allows: (target, permissions) => [
    ...(consents(target)
      ? ['Only what the roles allow that you assign to the application afterwards: consent grants none.']
      : rolesIn(permissions)),
    `Access tokens for ${(target as AzureTarget).scope.replace(/\/\.default$/, '')}, which expire automatically.`,
  ],
  knownValues(target) {
    const { tenant_id, client_id, environment } = target as AzureTarget;
    return labeledValues({
      'Directory (tenant) ID': tenant_id,
      'Client ID': client_id,
      Environment: environment === 'public' ? undefined : environment,
    });
  },
  undo: 'Delete the managed identity. After that, no token is issued for it.',
  methods: (target, files) => [
    {
      title: 'Consent in the browser',
      summary: 'You admit the vendor’s application to your directory, and then give it roles.',
      requiredFile: 'admin-consent.uri',
      steps: [
        { instruction: 'Consent as an administrator.', ...linkIn(files, 'admin-consent.uri', 'Open Entra') },
        {
          instruction:
            'Assign the roles that you grant to the application, in the scope that it should access.',
        },
        { instruction: 'Then report the ids below.' },
      ],
    },
    {
      title: 'Deploy to Azure',
      summary: 'The portal opens with the template and all parameters filled in.',
      requiredFile: 'deploy-to-azure.uri',
      steps: [
        {
          instruction: 'Choose a resource group, with the roles that you grant, and create it.',
          ...linkIn(files, 'deploy-to-azure.uri', 'Deploy to Azure'),
        },
        readOutputs,
      ],
    },
    {
      title: 'In the portal',
      summary: 'You load the template into the portal’s editor.',
      requiredFile: 'portal.uri',
      steps: [
        { instruction: 'Download the template and read it.', file: template },
        {
          instruction:
            'Choose “Build your own template in the editor”, load the file, and create it in a resource group.',
          ...linkIn(files, 'portal.uri', 'Open the portal'),
        },
        readOutputs,
      ],
    },
    script(target as AzureTarget, files),
    {
      title: 'With Terraform',
      summary: 'A configuration in one file, for a resource group managed with Terraform.',
      reportsIds: true,
      requiredFile: 'main.tf',
      steps: [
        { instruction: 'Download the file and read it.', file: 'main.tf' },
        {
          instruction: 'Apply it.',
          command: 'terraform init && terraform apply -var resource_group_name=NAME',
        },
      ],
    },
    deployment(
      'With an ARM template',
      'The same template as in the portal, for a pipeline.',
      template,
      files,
    ),
    deployment('With Bicep', 'The same template in the language that Azure recommends.', 'main.bicep', files),
  ],
};

function rolesIn(permissions: Readonly<Record<string, unknown>>): readonly string[] {
  const sets = Object.entries(permissions as Readonly<Record<string, AzurePermissionSet>>);
  if (sets.length === 0)
    return [
      'What the role allows that you choose when you deploy (roleDefinitionId), only in the chosen resource group. Default: Reader.',
    ];
  return sets.map(
    ([name, { roles }]) =>
      `${name}: the permissions of the ${roles.length > 1 ? 'roles' : 'role'} ${roles.map((role) => roleNames[role] ?? role).join(', ')}, only in the chosen resource group.`,
  );
}

const readOutputs = {
  instruction: 'When it is complete, copy tenantId and clientId from its Outputs and report them below.',
};

const script = ({ environment }: AzureTarget, files: Files): SetupMethod => ({
  title: 'With a script',
  summary: 'The script uses the Azure CLI, in Cloud Shell or on a machine that is signed in.',
  reportsIds: true,
  requiredFile: 'setup.sh',
  steps: [
    {
      instruction: 'Fetch the script and read it.',
      command: shellCommand(['curl', '-sSfo', 'setup.sh', files.urlOf('setup.sh')]),
      ...(environment === 'public'
        ? { link: { label: 'Open Cloud Shell', url: 'https://shell.azure.com/' } }
        : {}),
    },
    {
      instruction: 'Run it with the name of a resource group. You can run it again at any time.',
      command: 'sh setup.sh NAME',
    },
  ],
});

const deployment = (title: string, summary: string, file: string, files: Files): SetupMethod => ({
  title,
  summary,
  requiredFile: file,
  steps: [
    { instruction: 'Fetch the file.', command: shellCommand(['curl', '-sSfo', file, files.urlOf(file)]) },
    {
      instruction: 'Deploy it into a resource group.',
      command: `az deployment group create --name sojourn --resource-group NAME --template-file ${file}`,
    },
    {
      instruction: 'Read both ids and report them below.',
      command:
        'az deployment group show --name sojourn --resource-group NAME --query "properties.outputs.[tenantId.value, clientId.value]" --output tsv',
    },
  ],
});
