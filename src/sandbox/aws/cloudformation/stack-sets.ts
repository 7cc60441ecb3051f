/**
 * Stack sets with permissions managed by the service. There are no organisations here: whichever accounts are named are taken
 * for members of the organizational units that are named with them.
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
    const wanted = read(params, {
      StackSetName: setName,
      TemplateBody: text({ min: 1, max: 51_200 }),
      PermissionModel: optionalText(),
      'AutoDeployment.Enabled': optionalText(),
      Capabilities: texts(),
    });
    if (wanted.PermissionModel !== 'SERVICE_MANAGED')
      throw validationError('The sandbox knows stack sets with PermissionModel SERVICE_MANAGED only.');
    if (wanted['AutoDeployment.Enabled'] === undefined)
      throw validationError('AutoDeployment must be specified for SERVICE_MANAGED stack sets');
    checkCapabilities(parseTemplate(wanted.TemplateBody), wanted.Capabilities);
    if (account.stackSets.some(({ name }) => name === wanted.StackSetName))
      throw fault('NameAlreadyExistsException', `StackSet ${wanted.StackSetName} already exists`, 409);
    const id = `${wanted.StackSetName}:${randomUUID()}`;
    account.stackSets.push({
      name: wanted.StackSetName,
      id,
      body: wanted.TemplateBody,
      capabilities: wanted.Capabilities,
      instances: [],
    });
    return { StackSetId: id };
  },
  async CreateStackInstances({ params, account, accounts, world }) {
    const wanted = read(params, {
      StackSetName: setName,
      Regions: texts(),
      'DeploymentTargets.OrganizationalUnitIds': texts(),
      'DeploymentTargets.Accounts': texts(),
      'DeploymentTargets.AccountFilterType': optionalText(),
    });
    const set = find(account, wanted.StackSetName);
    if (wanted['DeploymentTargets.OrganizationalUnitIds'].length === 0)
      throw validationError('OrganizationalUnitIds are required');
    if (wanted['DeploymentTargets.AccountFilterType'] !== 'INTERSECTION')
      throw validationError(
        'The sandbox knows no members of organizational units: name Accounts, with INTERSECTION.',
      );
    for (const id of wanted['DeploymentTargets.Accounts'])
      for (const region of wanted.Regions) {
        const own = { account: accounts.open(account.partition, id), region, world };
        const name = `StackSet-${set.name}-${randomUUID()}`;
        const { body, capabilities } = set;
        const stack = await launch({ name, body, parameters: new Map(), capabilities }, own);
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
  const set = account.stackSets.find((one) => one.name === name);
  if (!set) throw fault('StackSetNotFoundException', `StackSet ${name} not found`, 404);
  return set;
}
