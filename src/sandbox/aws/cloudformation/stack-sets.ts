/**
 * Stack sets with service-managed permissions. The sandbox has no organizations: it treats all accounts in a call as
 * members of the organizational units in the same call.
 */
import { randomUUID } from 'node:crypto';
import type { Account } from '../accounts.ts';
import { fault, validationError } from '../fault.ts';
import { optionalText, read, text, texts } from '../query.ts';
import type { Service } from '../service.ts';
import { launch } from './launch.ts';
import type { StackSet } from './stack.ts';
import { checkCapabilities, parseTemplate } from './template.ts';

const setName = text({ min: 1, max: 128, pattern: /[a-zA-Z][-a-zA-Z0-9]*/ });

export const stackSetActions: Service['actions'] = {
  CreateStackSet({ params, account }) {
    const input = read(params, {
      StackSetName: setName,
      TemplateBody: text({ min: 1, max: 51_200 }),
      PermissionModel: optionalText(),
      'AutoDeployment.Enabled': optionalText(),
      Capabilities: texts(),
    });
    if (input.PermissionModel !== 'SERVICE_MANAGED')
      throw validationError('The sandbox supports only stack sets with PermissionModel SERVICE_MANAGED.');
    if (input['AutoDeployment.Enabled'] === undefined)
      throw validationError('AutoDeployment must be specified for SERVICE_MANAGED stack sets');
    checkCapabilities(parseTemplate(input.TemplateBody), input.Capabilities);
    if (account.stackSets.some(({ name }) => name === input.StackSetName))
      throw fault('NameAlreadyExistsException', `StackSet ${input.StackSetName} already exists`, 409);
    const id = `${input.StackSetName}:${randomUUID()}`;
    account.stackSets.push({
      name: input.StackSetName,
      id,
      body: input.TemplateBody,
      capabilities: input.Capabilities,
      instances: [],
    });
    return { StackSetId: id };
  },
  async CreateStackInstances({ params, account, accounts, runtime }) {
    const input = read(params, {
      StackSetName: setName,
      Regions: texts(),
      'DeploymentTargets.OrganizationalUnitIds': texts(),
      'DeploymentTargets.Accounts': texts(),
      'DeploymentTargets.AccountFilterType': optionalText(),
    });
    const set = find(account, input.StackSetName);
    if (input['DeploymentTargets.OrganizationalUnitIds'].length === 0)
      throw validationError('OrganizationalUnitIds are required');
    if (input['DeploymentTargets.AccountFilterType'] !== 'INTERSECTION')
      throw validationError(
        'The sandbox has no organizational units: set Accounts and AccountFilterType INTERSECTION.',
      );
    for (const id of input['DeploymentTargets.Accounts'])
      for (const region of input.Regions) {
        const target = { account: accounts.open(account.partition, id), region, runtime };
        const name = `StackSet-${set.name}-${randomUUID()}`;
        const { body, capabilities } = set;
        const stack = await launch({ name, body, parameters: new Map(), capabilities }, target);
        set.instances.push({ account: id, region, stack });
      }
    return { OperationId: randomUUID() };
  },
  ListStackInstances({ params, account }) {
    const set = find(account, read(params, { StackSetName: setName }).StackSetName);
    return {
      Summaries: set.instances.map(({ account: id, region, stack }) => ({
        StackSetId: set.id,
        Account: id,
        Region: region,
        StackId: stack.id,
        Status: stack.status === 'CREATE_COMPLETE' ? 'CURRENT' : 'OUTDATED',
        StackInstanceStatus: {
          DetailedStatus: stack.status === 'CREATE_COMPLETE' ? 'SUCCEEDED' : 'FAILED',
        },
      })),
    };
  },
};

function find(account: Account, name: string): StackSet {
  const set = account.stackSets.find(({ name: other }) => other === name);
  if (!set) throw fault('StackSetNotFoundException', `StackSet ${name} not found`, 404);
  return set;
}
