/**
 * CloudFormation: CreateStack and related actions for templates of IAM resources. Owns: the Query actions and their
 * responses. Does not own: the behavior of resources (resources.ts, with iam).
 */
import { toTimestamp } from '../../../platform/time/index.ts';
import type { Account } from '../accounts.ts';
import { validationError } from '../fault.ts';
import { optionalText, read, records, text, texts } from '../query.ts';
import type { OwnCall, Service } from '../service.ts';
import { eventRecorder, removeResources } from './create.ts';
import { launch, liveStacks } from './launch.ts';
import type { Stack } from './stack.ts';
import { stackSetActions } from './stack-sets.ts';

const stackName = text({ min: 1, max: 128, pattern: /[a-zA-Z][-a-zA-Z0-9]*/ });

export const cloudFormation: Service = {
  name: 'cloudformation',
  version: '2010-05-15',
  namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  actions: {
    CreateStack: createStack,
    ...stackSetActions,
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
        stack,
        eventRecorder(stack, runtime),
        ({ status, retained }) => status === 'CREATE_COMPLETE' && !retained,
      );
      stack.status = 'DELETE_COMPLETE';
      eventRecorder(stack, runtime)('stack', 'DELETE_COMPLETE');
      return undefined;
    },
  },
};

async function createStack(call: OwnCall) {
  const { params, account, region, runtime } = call;
  const input = read(params, {
    StackName: stackName,
    TemplateBody: optionalText({ min: 1, max: 51_200 }),
    TemplateURL: optionalText({ min: 1, max: 5120 }),
    Parameters: records,
    Capabilities: texts(),
  });
  const body = input.TemplateBody ?? (await fetchTemplate(call, input.TemplateURL));
  const parameters = new Map(
    input.Parameters.map((item) => [item.get('ParameterKey') ?? '', item.get('ParameterValue') ?? '']),
  );
  const { StackName: name, Capabilities: capabilities } = input;
  const stack = await launch({ name, body, parameters, capabilities }, { account, region, runtime });
  return { StackId: stack.id };
}

/**
 * As in AWS, only S3 URLs are accepted. The URL must name a real public bucket, because the sandbox serves no
 * templates.
 */
async function fetchTemplate({ runtime }: OwnCall, url: string | undefined): Promise<string> {
  if (url === undefined) throw validationError('Either Template URL or Template Body must be specified.');
  if (!/^https:\/\/([^/]+\.)?s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?\//.test(url))
    throw validationError('TemplateURL must be a supported URL.');
  const fetched = await runtime.fetchJson(url);
  if (!fetched.ok) throw validationError('S3 error: Access Denied');
  return JSON.stringify(fetched.value);
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
});

const asXml = (stack: Stack) => ({
  ...summary(stack),
  Description: stack.description,
  Parameters: stack.parameters,
  Capabilities: stack.capabilities,
  Outputs: stack.outputs,
  DisableRollback: false,
  NotificationARNs: [],
  Tags: [],
});
