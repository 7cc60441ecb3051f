/** Change sets: a stack is created or updated in two steps, as `aws cloudformation deploy` does. */
import { randomUUID } from 'node:crypto';
import { toTimestamp } from '../../../platform/time/index.ts';
import type { Account } from '../accounts.ts';
import { fault, validationError } from '../fault.ts';
import { optionalText, read, text } from '../query.ts';
import type { OwnCall, Service } from '../service.ts';
import { changesOf } from './changes.ts';
import { addStack, check, create, isSame, liveStacks, requireUpdatable, update } from './launch.ts';
import type { ChangeSet, Stack } from './stack.ts';
import { readStackInput } from './stack-input.ts';

const name = text({ min: 1, max: 128, pattern: /[a-zA-Z][-a-zA-Z0-9]*/ });
const named = { StackName: optionalText(), ChangeSetName: text() };

const unchanged =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

export const changeSetActions: Service['actions'] = {
  async CreateChangeSet(call) {
    const { StackName, ChangeSetName, ...options } = read(call.params, {
      StackName: text(),
      ChangeSetName: name,
      ChangeSetType: optionalText(),
      Description: optionalText({ max: 1024 }),
    });
    const type = options.ChangeSetType === 'CREATE' ? 'CREATE' : 'UPDATE';
    const existing = liveStacks(call.account, call.region).find(({ name, id }) =>
      [name, id].includes(StackName),
    );
    if (type === 'UPDATE' && !existing) throw validationError(`Stack [${StackName}] does not exist`);
    if (type === 'UPDATE' && existing) requireUpdatable(existing);
    if (type === 'CREATE' && existing && existing.status !== 'REVIEW_IN_PROGRESS')
      throw validationError(
        `Stack [${StackName}] already exists and cannot be created again with the changeSet [${ChangeSetName}].`,
      );
    const input = await readStackInput(call, type === 'UPDATE' ? existing?.input : undefined);
    check(input, call);
    if (existing?.changeSets.some(({ name }) => name === ChangeSetName))
      throw fault('AlreadyExistsException', `ChangeSet ${ChangeSetName} already exists`);
    const stack = existing ?? addStack(read(call.params, { StackName: name }).StackName, input, call);
    const isEmpty = type === 'UPDATE' && isSame(stack.input, input);
    const { account, region } = call;
    const changeSet: ChangeSet = {
      id: `arn:${account.partition}:cloudformation:${region}:${account.id}:changeSet/${ChangeSetName}/${randomUUID()}`,
      name: ChangeSetName,
      type,
      description: options.Description,
      createdAt: call.runtime.now(),
      input,
      status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
      statusReason: isEmpty ? unchanged : undefined,
      executionStatus: isEmpty ? 'UNAVAILABLE' : 'AVAILABLE',
    };
    stack.changeSets.push(changeSet);
    return { Id: changeSet.id, StackId: stack.id };
  },
  DescribeChangeSet(call) {
    const [stack, changeSet] = find(call);
    const { parameters } = changeSet.input;
    return {
      ...summary(stack, changeSet),
      Parameters: [...parameters].map(([key, value]) => ({ ParameterKey: key, ParameterValue: value })),
      Capabilities: changeSet.input.capabilities,
      Tags: changeSet.input.tags.map(({ Key, Value }) => ({ Key, Value })),
      Changes: changeSet.status === 'FAILED' ? [] : changesOf(stack, changeSet),
    };
  },
  ListChangeSets({ params, account, region }) {
    const { StackName } = read(params, { StackName: text() });
    const stack = findStack(account, region, StackName);
    return { Summaries: stack.changeSets.map((changeSet) => summary(stack, changeSet)) };
  },
  async ExecuteChangeSet(call) {
    const [stack, changeSet] = find(call);
    if (changeSet.executionStatus !== 'AVAILABLE')
      throw fault(
        'InvalidChangeSetStatus',
        `ChangeSet [${changeSet.id}] cannot be executed in its current execution status of [${changeSet.executionStatus}]`,
      );
    const context = check(changeSet.input, call);
    // Other change sets of the stack compare with a stack that no longer exists, so AWS deletes them.
    stack.changeSets.splice(0, Infinity, changeSet);
    changeSet.executionStatus = 'EXECUTE_COMPLETE';
    await (changeSet.type === 'CREATE' ? create : update)(stack, changeSet.input, context);
    return {};
  },
  /** Deleting a missing change set of a stack succeeds. */
  DeleteChangeSet({ params, account, region }) {
    const { StackName, ChangeSetName } = read(params, named);
    const stacks =
      StackName === undefined ? liveStacks(account, region) : [findStack(account, region, StackName)];
    for (const { changeSets } of stacks) {
      const index = changeSets.findIndex(({ name, id }) => [name, id].includes(ChangeSetName));
      if (index >= 0) changeSets.splice(index, 1);
    }
    return {};
  },
};

function findStack(account: Account, region: string, name: string): Stack {
  const stack = liveStacks(account, region).find((candidate) =>
    [candidate.name, candidate.id].includes(name),
  );
  if (!stack) throw validationError(`Stack [${name}] does not exist`);
  return stack;
}

/** The name needs the stack; the ARN does not. */
function find({ params, account, region }: OwnCall): [Stack, ChangeSet] {
  const { StackName, ChangeSetName } = read(params, named);
  if (StackName === undefined && !ChangeSetName.startsWith('arn:'))
    throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.');
  const stacks =
    StackName === undefined ? liveStacks(account, region) : [findStack(account, region, StackName)];
  for (const stack of stacks) {
    const changeSet = stack.changeSets.find((candidate) =>
      [candidate.name, candidate.id].includes(ChangeSetName),
    );
    if (changeSet) return [stack, changeSet];
  }
  throw fault('ChangeSetNotFound', `ChangeSet [${ChangeSetName}] does not exist`, 404);
}

const summary = (stack: Stack, changeSet: ChangeSet) => ({
  ChangeSetName: changeSet.name,
  ChangeSetId: changeSet.id,
  StackId: stack.id,
  StackName: stack.name,
  Description: changeSet.description,
  CreationTime: toTimestamp(changeSet.createdAt),
  ExecutionStatus: changeSet.executionStatus,
  Status: changeSet.status,
  StatusReason: changeSet.statusReason,
});
