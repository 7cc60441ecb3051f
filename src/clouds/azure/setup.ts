/** What a customer applies in an Azure resource group. */
import type { Artefact, SetupFacts } from '../contract.ts';
import type { AzureTarget } from './target.ts';
import { armTemplate } from './template.ts';

export function setup(_target: AzureTarget, facts: SetupFacts): readonly Artefact[] {
  return [
    {
      name: 'azuredeploy.json',
      mediaType: 'application/json',
      title:
        'ARM template: az deployment group create --resource-group NAME --template-file azuredeploy.json',
      content: `${JSON.stringify(armTemplate(facts), null, 2)}\n`,
    },
  ];
}
