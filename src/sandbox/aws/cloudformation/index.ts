/**
 * CloudFormation: CreateStack and its kin for templates of IAM resources.
 * Owns: the Query actions and their answers. Does not own: what a resource is (resources.ts, by way of iam).
 */
import { randomUUID } from 'node:crypto';
import { toTimestamp } from '../../../time/index.ts';
import type { Account } from '../accounts.ts';
import { fault, validationError } from '../fault.ts';
import { optionalText, read, records, text, texts } from '../query.ts';
import type { OwnCall, Service } from '../service.ts';
import { eventsOf, makeStack, removeResources } from './create.ts';
import { resolveParameters } from './parameters.ts';
import type { Stack } from './stack.ts';
import { checkCapabilities, parseTemplate } from './template.ts';

const stackName = text({ min: 1, max: 128, pattern: /[a-zA-Z][-a-zA-Z0-9]*/ });

export const cloudFormation: Service = {
  name: 'cloudformation',
  version: '2010-05-15',
  namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  actions: {
    CreateStack: createStack,
    DescribeStacks({ params, account, region }) {
      const { StackName: name } = read(params, { StackName: optionalText() });
      const stacks = name === undefined ? living(account, region) : [find(account, region, name)];
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
          Timestamp: toTimestamp(event.at),
          ResourceStatus: event.status,
          ResourceStatusReason: event.reason,
        })),
      };
    },
    /** Deleting what is not there succeeds. */
    DeleteStack({ params, account, region, world }) {
      const { StackName: name } = read(params, { StackName: text() });
      const stack = living(account, region).find((candidate) =>
        [candidate.name, candidate.id].includes(name),
      );
      if (!stack) return undefined;
      removeResources(
        stack,
        eventsOf(stack, world),
        ({ status, retained }) => status === 'CREATE_COMPLETE' && !retained,
      );
      stack.status = 'DELETE_COMPLETE';
      eventsOf(stack, world)('stack', 'DELETE_COMPLETE');
      return undefined;
    },
  },
};

async function createStack(call: OwnCall) {
  const { params, account, region, world } = call;
  const wanted = read(params, {
    StackName: stackName,
    TemplateBody: optionalText({ min: 1, max: 51_200 }),
    TemplateURL: optionalText({ min: 1, max: 5120 }),
    Parameters: records,
    Capabilities: texts(),
  });
  const template = parseTemplate(wanted.TemplateBody ?? (await fetchTemplate(call, wanted.TemplateURL)));
  checkCapabilities(template, wanted.Capabilities);
  const given = new Map(
    wanted.Parameters.map((item) => [item.get('ParameterKey') ?? '', item.get('ParameterValue') ?? '']),
  );
  const parameters = resolveParameters(template.parameters, given);
  if (living(account, region).some(({ name }) => name === wanted.StackName))
    throw fault('AlreadyExistsException', `Stack [${wanted.StackName}] already exists`);
  const stack: Stack = {
    id: `arn:${account.partition}:cloudformation:${region}:${account.id}:stack/${wanted.StackName}/${randomUUID()}`,
    name: wanted.StackName,
    region,
    description: template.description,
    parameters: [...parameters].map(([name, { shown }]) => ({ ParameterKey: name, ParameterValue: shown })),
    capabilities: wanted.Capabilities,
    createdAt: world.now(),
    status: 'CREATE_IN_PROGRESS',
    statusReason: undefined,
    outputs: [],
    resources: [],
    events: [],
  };
  account.stacks.push(stack);
  await makeStack(stack, { world, account, template, parameters });
  return { StackId: stack.id };
}

/** Only S3 is read, as in AWS; there is no S3 here, so this serves templates that really are in a public bucket. */
async function fetchTemplate({ world }: OwnCall, url: string | undefined): Promise<string> {
  if (url === undefined) throw validationError('Either Template URL or Template Body must be specified.');
  if (!/^https:\/\/([^/]+\.)?s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?\//.test(url))
    throw validationError('TemplateURL must be a supported URL.');
  const fetched = await world.fetchJson(url);
  if (!fetched.ok) throw validationError('S3 error: Access Denied');
  return JSON.stringify(fetched.value);
}

const living = (account: Account, region: string): Stack[] =>
  account.stacks.filter((stack) => stack.region === region && stack.status !== 'DELETE_COMPLETE');

/** By name while it lives, by id for ever. */
function find(account: Account, region: string, name: string): Stack {
  const stack =
    living(account, region).find((candidate) => candidate.name === name) ??
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
