/**
 * CloudFormation: stacks, change sets and stack sets for templates of IAM resources. Owns: the Query actions and their
 * responses. Does not own: the behavior of resources (resources.ts, with iam).
 */
import { toTimestamp } from '../../../platform/time/index.ts';
import type { Account } from '../accounts.ts';
import { validationError } from '../fault.ts';
import { optionalText, read, text, texts } from '../query.ts';
import type { OwnCall, Service } from '../service.ts';
import { changeSetActions } from './change-sets.ts';
import { check, isSame, launch, liveStacks, requireUpdatable, update } from './launch.ts';
import { eventRecorder, removeResources } from './provision.ts';
import type { Stack } from './stack.ts';
import { readStackInput } from './stack-input.ts';
import { stackSetActions } from './stack-sets.ts';
import { parseTemplate } from './template.ts';

const stackName = text({ min: 1, max: 128, pattern: /[a-zA-Z][-a-zA-Z0-9]*/ });

export const cloudFormation: Service = {
  name: 'cloudformation',
  version: '2010-05-15',
  namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  actions: {
    CreateStack: createStack,
    UpdateStack: updateStack,
    ...changeSetActions,
    ...stackSetActions,
    GetTemplate({ params, account, region }) {
      const { body } = find(account, region, read(params, { StackName: text() }).StackName).input;
      return { TemplateBody: body, StagesAvailable: ['Original', 'Processed'] };
    },
    GetTemplateSummary: getTemplateSummary,
    DescribeStacks({ params, account, region }) {
      const { StackName: name } = read(params, { StackName: optionalText() });
      const stacks = name === undefined ? liveStacks(account, region) : [find(account, region, name)];
      return { Stacks: stacks.map(asXml) };
    },
    ListStacks({ params, account, region }) {
      const { StackStatusFilter: filter } = read(params, { StackStatusFilter: texts() });
      const stacks = account.stacks.filter((stack) => stack.region === region);
      const listed = stacks.filter(({ status }) => filter.length === 0 || filter.includes(status));
      return { StackSummaries: listed.map(summary) };
    },
    DescribeStackResources({ params, account, region }) {
      const stack = find(account, region, read(params, { StackName: text() }).StackName);
      return {
        StackResources: stack.resources.map((resource) => ({
          StackName: stack.name,
          StackId: stack.id,
          LogicalResourceId: resource.logicalId,
          PhysicalResourceId: resource.physicalId,
          ResourceType: resource.type,
          Timestamp: toTimestamp(stack.createdAt),
          ResourceStatus: resource.status,
        })),
      };
    },
    DescribeStackEvents({ params, account, region }) {
      const stack = find(account, region, read(params, { StackName: text() }).StackName);
      return {
        StackEvents: stack.events.toReversed().map((event) => ({
          StackId: stack.id,
          EventId: event.id,
          StackName: stack.name,
          LogicalResourceId: event.logicalId,
          PhysicalResourceId: event.physicalId,
          ResourceType: event.type,
          Timestamp: toTimestamp(event.recordedAt),
          ResourceStatus: event.status,
          ResourceStatusReason: event.reason,
        })),
      };
    },
    /** Deleting a missing stack succeeds. */
    async DeleteStack({ params, account, region, runtime }) {
      const { StackName: name } = read(params, { StackName: text() });
      const stack = liveStacks(account, region).find((candidate) =>
        [candidate.name, candidate.id].includes(name),
      );
      if (!stack) return undefined;
      await removeResources(
        stack.resources.filter(({ status, retained }) => status !== 'DELETE_COMPLETE' && !retained),
        eventRecorder(stack, runtime),
      );
      stack.status = 'DELETE_COMPLETE';
      eventRecorder(stack, runtime)('stack', 'DELETE_COMPLETE');
      return undefined;
    },
  },
};

async function createStack(call: OwnCall) {
  const { StackName: name } = read(call.params, { StackName: stackName });
  const stack = await launch(name, await readStackInput(call), call);
  return { StackId: stack.id };
}

async function updateStack(call: OwnCall) {
  const stack = find(call.account, call.region, read(call.params, { StackName: text() }).StackName);
  requireUpdatable(stack);
  const input = await readStackInput(call, stack.input);
  const context = check(input, call);
  if (isSame(stack.input, input)) throw validationError('No updates are to be performed.');
  await update(stack, input, context);
  return { StackId: stack.id };
}

async function getTemplateSummary(call: OwnCall) {
  const { StackName: name } = read(call.params, { StackName: optionalText() });
  const { body } =
    name === undefined ? await readStackInput(call) : find(call.account, call.region, name).input;
  const { parameters, resources, description } = parseTemplate(body);
  return {
    Description: description,
    Parameters: Object.entries(parameters).map(([key, definition]) => {
      const { Type, Default, Description } = definition as Record<string, string | undefined>;
      return { ParameterKey: key, ParameterType: Type, DefaultValue: Default, Description };
    }),
    ResourceTypes: [...new Set(resources.map(({ type }) => type))],
  };
}

/** A deleted stack is found only by its id. */
function find(account: Account, region: string, name: string): Stack {
  const stack =
    liveStacks(account, region).find((candidate) => candidate.name === name) ??
    account.stacks.find(({ id }) => id === name);
  if (!stack) throw validationError(`Stack with id ${name} does not exist`);
  return stack;
}

const summary = (stack: Stack) => ({
  StackId: stack.id,
  StackName: stack.name,
  CreationTime: toTimestamp(stack.createdAt),
  StackStatus: stack.status,
  StackStatusReason: stack.statusReason,
  LastUpdatedTime: stack.updatedAt === undefined ? undefined : toTimestamp(stack.updatedAt),
});

const asXml = (stack: Stack) => ({
  ...summary(stack),
  Description: stack.description,
  Parameters: stack.parameters,
  Capabilities: stack.input.capabilities,
  Outputs: stack.outputs,
  DisableRollback: false,
  NotificationARNs: [],
  Tags: stack.input.tags.map(({ Key, Value }) => ({ Key, Value })),
});
