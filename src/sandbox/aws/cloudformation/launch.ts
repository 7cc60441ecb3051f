/** Creates a stack from the text of a template. */
import { randomUUID } from 'node:crypto';
import type { SandboxRuntime } from '../../contract.ts';
import type { Account } from '../accounts.ts';
import { fault } from '../fault.ts';
import { createStackResources } from './create.ts';
import { resolveParameters } from './parameters.ts';
import type { Stack } from './stack.ts';
import { checkCapabilities, parseTemplate } from './template.ts';

export interface Launch {
  readonly name: string;
  readonly body: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly capabilities: readonly string[];
}

export const liveStacks = (account: Account, region: string): Stack[] =>
  account.stacks.filter((stack) => stack.region === region && stack.status !== 'DELETE_COMPLETE');

/** Throws what CloudFormation rejects before it starts. Whether the creation succeeded is in the stack's status. */
export async function launch(
  input: Launch,
  { account, region, runtime }: { account: Account; region: string; runtime: SandboxRuntime },
): Promise<Stack> {
  const template = parseTemplate(input.body);
  checkCapabilities(template, input.capabilities);
  const parameters = resolveParameters(template.parameters, input.parameters);
  if (liveStacks(account, region).some(({ name }) => name === input.name))
    throw fault('AlreadyExistsException', `Stack [${input.name}] already exists`);
  const stack: Stack = {
    id: `arn:${account.partition}:cloudformation:${region}:${account.id}:stack/${input.name}/${randomUUID()}`,
    name: input.name,
    region,
    description: template.description,
    parameters: [...parameters].map(([name, { displayValue }]) => ({
      ParameterKey: name,
      ParameterValue: displayValue,
    })),
    capabilities: input.capabilities,
    createdAt: runtime.now(),
    status: 'CREATE_IN_PROGRESS',
    statusReason: undefined,
    outputs: [],
    resources: [],
    events: [],
  };
  account.stacks.push(stack);
  await createStackResources(stack, { runtime, account, template, parameters });
  return stack;
}
