/** Creates or updates a stack from what the customer submitted. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { SandboxRuntime } from '../../contract.ts';
import type { Account } from '../accounts.ts';
import { fault, validationError } from '../fault.ts';
import { createStackResources } from './create.ts';
import { resolveParameters } from './parameters.ts';
import type { StackContext } from './provision.ts';
import type { Stack, StackInput } from './stack.ts';
import { checkCapabilities, parseTemplate } from './template.ts';
import { updateStackResources } from './update.ts';

export interface Place {
  readonly account: Account;
  readonly region: string;
  readonly runtime: SandboxRuntime;
}

export const liveStacks = (account: Account, region: string): Stack[] =>
  account.stacks.filter((stack) => stack.region === region && stack.status !== 'DELETE_COMPLETE');

/** Throws what CloudFormation rejects before it starts. */
export function check(input: StackInput, { account, runtime }: Omit<Place, 'region'>): StackContext {
  const template = parseTemplate(input.body);
  checkCapabilities(template, input.capabilities);
  const parameters = resolveParameters(template.parameters, input.parameters);
  return { runtime, account, template, parameters };
}

/** A stack without resources: `REVIEW_IN_PROGRESS` until its first change set is executed. */
export function addStack(name: string, input: StackInput, { account, region, runtime }: Place): Stack {
  if (liveStacks(account, region).some((stack) => stack.name === name))
    throw fault('AlreadyExistsException', `Stack [${name}] already exists`);
  const stack: Stack = {
    id: `arn:${account.partition}:cloudformation:${region}:${account.id}:stack/${name}/${randomUUID()}`,
    name,
    region,
    input,
    description: undefined,
    parameters: [],
    createdAt: runtime.now(),
    updatedAt: undefined,
    status: 'REVIEW_IN_PROGRESS',
    statusReason: undefined,
    outputs: [],
    resources: [],
    events: [],
    changeSets: [],
  };
  account.stacks.push(stack);
  return stack;
}

/** Whether the creation succeeded is in the stack's status. Throws what CloudFormation rejects before it starts. */
export async function launch(name: string, input: StackInput, place: Place): Promise<Stack> {
  const context = check(input, place);
  const stack = addStack(name, input, place);
  await create(stack, input, context);
  return stack;
}

export async function create(stack: Stack, input: StackInput, context: StackContext): Promise<void> {
  setInput(stack, input, context);
  stack.status = 'CREATE_IN_PROGRESS';
  await createStackResources(stack, context);
}

/** Whether the update succeeded is in the stack's status. Throws what CloudFormation rejects before it starts. */
export async function update(stack: Stack, input: StackInput, context: StackContext): Promise<void> {
  const { description, parameters, input: old } = stack;
  setInput(stack, input, context);
  stack.updatedAt = context.runtime.now();
  stack.status = 'UPDATE_IN_PROGRESS';
  await updateStackResources(stack, context);
  if (stack.status !== 'UPDATE_COMPLETE') Object.assign(stack, { description, parameters, input: old });
}

/** Throws ValidationError if the stack is in a state that only a deletion can leave. */
export function requireUpdatable({ id, status }: Stack): void {
  if (!/^(CREATE|UPDATE|UPDATE_ROLLBACK)_COMPLETE$/.test(status))
    throw validationError(`Stack:${id} is in ${status} state and can not be updated.`);
}

/** The same template, values of parameters, and tags. */
export const isSame = (one: StackInput, other: StackInput): boolean =>
  isDeepStrictEqual(comparable(one), comparable(other));

const comparable = ({ body, parameters, tags }: StackInput) => [
  JSON.parse(body),
  resolveParameters(parseTemplate(body).parameters, parameters),
  tags,
];

function setInput(stack: Stack, input: StackInput, { template, parameters }: StackContext): void {
  stack.input = input;
  stack.description = template.description;
  stack.parameters = [...parameters].map(([name, { displayValue }]) => ({
    ParameterKey: name,
    ParameterValue: displayValue,
  }));
}
