/** The set-up files for an Azure resource group: one plan in several formats. */
import type { SetupFacts, SetupFile } from '../contract/index.ts';
import { bicep } from './bicep.ts';
import { credentialName, planOf } from './plan.ts';
import { azScript } from './script.ts';
import type { AzureTarget } from './target.ts';
import { armTemplate } from './template.ts';
import { terraform } from './terraform.ts';

export function setup(target: AzureTarget, facts: SetupFacts): readonly SetupFile[] {
  if (target.consent_redirect_uri !== undefined) return [credentialOfApplication(facts)];
  const plan = planOf(facts);
  return [
    {
      name: 'azuredeploy.json',
      mediaType: 'application/json',
      title:
        'ARM template. Deploy with: az deployment group create --resource-group NAME --template-file azuredeploy.json',
      content: write(armTemplate(plan)),
      publiclyReadable: true,
    },
    {
      name: 'main.bicep',
      mediaType: 'text/plain',
      title:
        'Bicep file. Deploy with: az deployment group create --resource-group NAME --template-file main.bicep',
      content: bicep(plan),
    },
    {
      name: 'main.tf',
      mediaType: 'text/plain',
      title:
        'Terraform configuration. Apply with: terraform init && terraform apply -var resource_group_name=NAME',
      content: terraform(plan),
    },
    {
      name: 'setup.sh',
      mediaType: 'text/x-shellscript',
      title: 'Script that uses the Azure CLI and can be run repeatedly: sh setup.sh RESOURCE_GROUP',
      content: azScript(plan),
    },
  ];
}

/** This file is for the vendor, who owns the application; the customer only consents. */
const credentialOfApplication = ({ issuer, subject, audience, connection }: SetupFacts): SetupFile => ({
  name: 'federated-credential.json',
  mediaType: 'application/json',
  title:
    'Federated credential for your own application. Create it once with: az ad app federated-credential create --id CLIENT_ID --parameters federated-credential.json',
  content: write({ name: credentialName(connection.id), issuer, subject, audiences: [audience] }),
});

const write = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;
