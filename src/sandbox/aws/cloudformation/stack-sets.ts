/**
 * Stack sets with service-managed permissions. The sandbox has no organizations: it treats all accounts in a call as
 * members of the organizational units in the same call. An operation is done when the call returns.
 */
import { randomUUID } from 'node:crypto';
import { toTimestamp } from '../../../platform/time/index.ts';
import type { Account } from '../accounts.ts';
import { fault, validationError } from '../fault.ts';
import { optionalText, type Params, read, text, texts } from '../query.ts';
import type { OwnCall, Service } from '../service.ts';
import { check, isSame, launch, liveStacks, update } from './launch.ts';
import { eventRecorder, removeResources } from './provision.ts';
import type { Stack } from './stack.ts';
import { readStackInput } from './stack-input.ts';
import {
  type Operation,
  readPreferences,
  runOperation,
  type StackInstance,
  type StackSet,
  type Target,
} from './stack-set.ts';

const setName = text({ min: 1, max: 128, pattern: /[a-zA-Z][-a-zA-Z0-9]*/ });
const named = (params: Params) => read(params, { StackSetName: text() }).StackSetName;

export const stackSetActions: Service['actions'] = {
  async CreateStackSet(call) {
    const { params, account } = call;
    const options = read(params, {
      StackSetName: setName,
      PermissionModel: optionalText(),
      'AutoDeployment.Enabled': optionalText(),
    });
    const { StackSetName: name } = options;
    if (options.PermissionModel !== 'SERVICE_MANAGED')
      throw validationError('The sandbox supports only stack sets with PermissionModel SERVICE_MANAGED.');
    if (options['AutoDeployment.Enabled'] === undefined)
      throw validationError('AutoDeployment must be specified for SERVICE_MANAGED stack sets');
    const input = await readStackInput(call);
    check(input, call);
    if (account.stackSets.some((set) => set.name === name))
      throw fault('NameAlreadyExistsException', `StackSet ${name} already exists`, 409);
    const id = `${name}:${randomUUID()}`;
    account.stackSets.push({ name, id, input, instances: [], operations: [] });
    return { StackSetId: id };
  },
  async UpdateStackSet(call) {
    const set = find(call.account, named(call.params));
    const input = await readStackInput(call, set.input);
    check(input, call);
    set.input = input;
    const { accounts, regions } = readTargets(call.params);
    const targets = set.instances.filter(
      ({ account, region }) =>
        (accounts.length === 0 || accounts.includes(account)) &&
        (regions.length === 0 || regions.includes(region)),
    );
    return operate(call, set, 'UPDATE', targets, (target) => deploy(call, set, target));
  },
  async CreateStackInstances(call) {
    const set = find(call.account, named(call.params));
    const targets = requireTargets(call);
    return operate(call, set, 'CREATE', targets, (target) => deploy(call, set, target));
  },
  async DeleteStackInstances(call) {
    const { RetainStacks } = read(call.params, { RetainStacks: text() });
    const set = find(call.account, named(call.params));
    const targets = requireTargets(call);
    return operate(call, set, 'DELETE', targets, async (target) => {
      const instance = instanceOf(set, target);
      if (!instance) return undefined;
      if (RetainStacks !== 'true' && instance.stack) await removeStack(call, instance.stack);
      set.instances = set.instances.filter((other) => other !== instance);
      return undefined;
    });
  },
  DeleteStackSet({ params, account }) {
    const set = account.stackSets.find(({ name, id }) => [name, id].includes(named(params)));
    if (set && set.instances.length > 0)
      throw fault('StackSetNotEmptyException', 'StackSet is not empty', 409);
    if (set) account.stackSets.splice(account.stackSets.indexOf(set), 1);
    return {};
  },
  DescribeStackSet({ params, account }) {
    const { name, id, input } = find(account, named(params));
    return {
      StackSet: {
        StackSetName: name,
        StackSetId: id,
        Status: 'ACTIVE',
        TemplateBody: input.body,
        Capabilities: input.capabilities,
        Tags: input.tags.map(({ Key, Value }) => ({ Key, Value })),
        PermissionModel: 'SERVICE_MANAGED',
      },
    };
  },
  ListStackSets: ({ account }) => ({
    Summaries: account.stackSets.map(({ name, id }) => ({
      StackSetName: name,
      StackSetId: id,
      Status: 'ACTIVE',
      PermissionModel: 'SERVICE_MANAGED',
    })),
  }),
  DescribeStackSetOperation(call) {
    const [set, operation] = findOperation(call);
    return { StackSetOperation: { ...summary(operation), StackSetId: set.id } };
  },
  ListStackSetOperations: ({ params, account }) => ({
    Summaries: find(account, named(params)).operations.map(summary),
  }),
  ListStackSetOperationResults: (call) => ({
    Summaries: findOperation(call)[1].results.map(({ account, region, status, reason }) => ({
      Account: account,
      Region: region,
      Status: status,
      StatusReason: reason,
    })),
  }),
  ListStackInstances({ params, account }) {
    const set = find(account, named(params));
    return {
      Summaries: set.instances.map(({ account: id, region, stack, detailedStatus, reason }) => ({
        StackSetId: set.id,
        Account: id,
        Region: region,
        StackId: stack?.id,
        Status: detailedStatus === 'SUCCEEDED' ? 'CURRENT' : 'OUTDATED',
        StatusReason: reason,
        StackInstanceStatus: { DetailedStatus: detailedStatus },
      })),
    };
  },
};

async function operate(
  { runtime, params }: OwnCall,
  set: StackSet,
  action: Operation['action'],
  targets: readonly Target[],
  act: (target: Target) => Promise<string | undefined>,
) {
  const preferences = readPreferences(params);
  const operation = await runOperation(set, { action, at: runtime.now(), targets }, preferences, act);
  if (action !== 'DELETE') {
    for (const { status, reason, ...target } of operation.results)
      setInstance(set, { ...target, detailedStatus: status, reason });
  }
  return { OperationId: operation.id };
}

const isAt = (one: Target, { account, region }: Target): boolean =>
  one.account === account && one.region === region;

const instanceOf = ({ instances }: StackSet, target: Target) =>
  instances.find((instance) => isAt(instance, target));

function setInstance(set: StackSet, change: Target & Partial<StackInstance>): void {
  const old = instanceOf(set, change);
  const instance = {
    stack: undefined,
    detailedStatus: 'FAILED' as const,
    reason: undefined,
    ...old,
    ...change,
  };
  set.instances = old
    ? set.instances.map((other) => (other === old ? instance : other))
    : [...set.instances, instance];
}

/** Creates the stack, or updates it if an earlier operation created it. */
async function deploy(call: OwnCall, set: StackSet, target: Target): Promise<string | undefined> {
  const { account, region } = target;
  const place = {
    account: call.accounts.open(call.account.partition, account),
    region,
    runtime: call.runtime,
  };
  const existing = instanceOf(set, target)?.stack;
  if (existing && /^(CREATE|UPDATE|UPDATE_ROLLBACK)_COMPLETE$/.test(existing.status)) {
    if (isSame(existing.input, set.input)) return undefined;
    await update(existing, set.input, check(set.input, place));
    return failureOf(existing);
  }
  if (existing) await removeStack(call, existing);
  const stack = await launch(`StackSet-${set.name}-${randomUUID()}`, set.input, place);
  setInstance(set, { account, region, stack });
  return failureOf(stack);
}

function failureOf({ status, events }: Stack): string | undefined {
  if (['CREATE_COMPLETE', 'UPDATE_COMPLETE'].includes(status)) return undefined;
  const failed = events.findLast((event) => /^(CREATE|UPDATE)_FAILED$/.test(event.status));
  return `ResourceLogicalId:${failed?.logicalId}, ResourceType:${failed?.type}, ResourceStatusReason:${failed?.reason}.`;
}

async function removeStack({ runtime, account, accounts }: OwnCall, stack: Stack): Promise<void> {
  const owner = accounts.open(account.partition, stack.id.split(':')[4] ?? '');
  if (!liveStacks(owner, stack.region).includes(stack)) return;
  const recordEvent = eventRecorder(stack, runtime);
  const kept = stack.resources.filter(({ status, retained }) => status !== 'DELETE_COMPLETE' && !retained);
  await removeResources(kept, recordEvent);
  stack.status = 'DELETE_COMPLETE';
  recordEvent('stack', 'DELETE_COMPLETE');
}

function readTargets(params: Params) {
  const input = read(params, {
    Regions: texts(),
    'DeploymentTargets.OrganizationalUnitIds': texts(),
    'DeploymentTargets.Accounts': texts(),
    'DeploymentTargets.AccountFilterType': optionalText(),
  });
  return {
    units: input['DeploymentTargets.OrganizationalUnitIds'],
    accounts: input['DeploymentTargets.Accounts'],
    filter: input['DeploymentTargets.AccountFilterType'],
    regions: input.Regions,
  };
}

/** A set with service-managed permissions leaves out the management account, whose call is not that of a delegated administrator. */
function requireTargets({ params, account: caller }: OwnCall): readonly Target[] {
  const { CallAs } = read(params, { CallAs: optionalText() });
  const { units, accounts, filter, regions } = readTargets(params);
  if (units.length === 0) throw validationError('OrganizationalUnitIds are required');
  if (filter !== 'INTERSECTION')
    throw validationError(
      'The sandbox has no organizational units: set Accounts and AccountFilterType INTERSECTION.',
    );
  const members = accounts.filter((account) => CallAs === 'DELEGATED_ADMIN' || account !== caller.id);
  return members.flatMap((account) => regions.map((region) => ({ account, region })));
}

function findOperation({ params, account }: OwnCall): [StackSet, Operation] {
  const set = find(account, named(params));
  const { OperationId } = read(params, { OperationId: text() });
  const operation = set.operations.find(({ id }) => id === OperationId);
  if (!operation)
    throw fault(
      'OperationNotFoundException',
      `Operation ${OperationId} not found for StackSet ${set.id}`,
      404,
    );
  return [set, operation];
}

const summary = ({ id, action, at, status, results }: Operation) => ({
  OperationId: id,
  Action: action,
  Status: status,
  CreationTimestamp: toTimestamp(at),
  EndTimestamp: toTimestamp(at),
  StatusDetails: { FailedStackInstancesCount: results.filter((result) => result.status === 'FAILED').length },
});

function find(account: Account, name: string): StackSet {
  const set = account.stackSets.find((other) => [other.name, other.id].includes(name));
  if (!set) throw fault('StackSetNotFoundException', `StackSet ${name} not found`, 404);
  return set;
}
