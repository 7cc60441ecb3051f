/** What an Azure administrator is told and asked. */
import { shellCommand } from '../encode/index.ts';
import { factsOf, type Guide } from '../guide.ts';
import { type AzureTarget, portal } from './target.ts';

const file = 'azuredeploy.json';

export const guide: Guide = {
  title: 'Microsoft Azure',
  place: 'a resource group of yours in Azure',
  reports: [
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
  makes: [
    'A user-assigned managed identity in a resource group that you choose.',
    'A federated credential on it, which trusts the issuer below for the one subject and audience below.',
    'One role assignment for the identity, in this resource group alone.',
  ],
  allows: (given) => [
    'What the role permits that you choose when you deploy (roleDefinitionId), in the chosen resource group and nowhere else. Reader unless you choose.',
    `Access tokens for ${(given as AzureTarget).scope.replace(/\/\.default$/, '')}, which end by themselves.`,
  ],
  facts(given) {
    const { tenant_id, client_id, environment } = given as AzureTarget;
    return factsOf({
      'Directory (tenant) ID': tenant_id,
      'Client ID': client_id,
      Environment: environment === 'public' ? undefined : environment,
    });
  },
  undo: 'Delete the managed identity: no token is given for it any more.',
  ways: (given, urlOf) => [
    {
      title: 'In the portal',
      needs: file,
      steps: [
        { say: 'Read the template, if you like.', file },
        {
          say: 'Deploy it into a resource group, with the role that you grant.',
          open: {
            label: 'Deploy to Azure',
            // learn.microsoft.com/azure/azure-resource-manager/templates/deploy-to-azure-button
            url: `${portal(given as AzureTarget)}/#create/Microsoft.Template/uri/${encodeURIComponent(urlOf(file))}`,
          },
        },
        { say: 'When it is complete, copy tenantId and clientId from its Outputs and report them below.' },
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
          say: 'Deploy it into a resource group. Add --parameters roleDefinitionId=GUID for another role than Reader.',
          run: `az deployment group create --name sojourn --resource-group NAME --template-file ${file}`,
        },
        {
          say: 'Read both ids and report them below.',
          run: 'az deployment group show --name sojourn --resource-group NAME --query "properties.outputs.[tenantId.value, clientId.value]" --output tsv',
        },
      ],
    },
  ],
};
