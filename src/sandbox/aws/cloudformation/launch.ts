/** From a template as text to a stack that is made. */
import { randomUUID } from 'node:crypto';
import type { SandboxWorld } from '../../contract.ts';
import type { Account } from '../accounts.ts';
import { fault } from '../fault.ts';
import { makeStack } from './create.ts';
import { resolveParameters } from './parameters.ts';
import type { Stack } from './stack.ts';
import { checkCapabilities, parseTemplate } from './template.ts';

export interface Launch {
  readonly name: string;
  readonly body: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly capabilities: readonly string[];
}

export const living = (account: Account, region: string): Stack[] =>
  account.stacks.filter((stack) => stack.region === region && stack.status !== 'DELETE_COMPLETE');

/** Throws what CloudFormation refuses before it begins; whether the stack came to be is in its status. */
export async function launch(
  wanted: Launch,
  { account, region, world }: { account: Account; region: string; world: SandboxWorld },
): Promise<Stack> {
  const template = parseTemplate(wanted.body);
  checkCapabilities(template, wanted.capabilities);
  const parameters = resolveParameters(template.parameters, wanted.parameters);
  if (living(account, region).some(({ name }) => name === wanted.name))
    throw fault('AlreadyExistsException', `Stack [${wanted.name}] already exists`);
  const stack: Stack = {
    id: `arn:${account.partition}:cloudformation:${region}:${account.id}:stack/${wanted.name}/${randomUUID()}`,
    name: wanted.name,
    region,
    description: template.description,
    parameters: [...parameters].map(([name, { shown }]) => ({ ParameterKey: name, ParameterValue: shown })),
    capabilities: wanted.capabilities,
    createdAt: world.now(),
    status: 'CREATE_IN_PROGRESS',
    statusReason: undefined,
    outputs: [],
    resources: [],
    events: [],
  };
  account.stacks.push(stack);
  await makeStack(stack, { world, account, template, parameters });
  return stack;
}
