/** What creating and updating a stack share: evaluating a definition, creating its resource, recording events. */
import { randomUUID } from 'node:crypto';
import type { SandboxRuntime } from '../../contract.ts';
import { isObject } from '../../jws.ts';
import type { Account } from '../accounts.ts';
import { faultOf, validationError } from '../fault.ts';
import { evaluate, namedCondition, noValue, type Scope, textOf } from './intrinsics.ts';
import type { Parameter } from './parameters.ts';
import type { CreatedResource, Json } from './resource-type.ts';
import { checkProperties, resourceTypeOf } from './resources.ts';
import type { Stack, StackResource } from './stack.ts';
import type { ResourceDefinition, Template } from './template.ts';

export interface StackContext {
  readonly runtime: SandboxRuntime;
  readonly account: Account;
  readonly template: Template;
  readonly parameters: ReadonlyMap<string, Parameter>;
}

/** The definitions whose condition holds, in order of creation. */
export const activeDefinitions = ({ resources }: Template, scope: Scope): readonly ResourceDefinition[] =>
  resources.filter(({ condition }) => condition === undefined || namedCondition(condition, scope));

/** The properties with every intrinsic function applied, or why the resource type rejects them. */
export const evaluateProperties = ({ type, properties }: ResourceDefinition, scope: Scope) =>
  attempt(() => {
    const values = evaluate(properties, scope) as Json;
    checkProperties(type, values);
    return values;
  });

export const createResource = (
  { type, logicalId, retained, retainedWhenReplaced }: ResourceDefinition,
  properties: Json,
  { runtime, account }: StackContext,
  stack: Stack,
): Promise<StackResource | Error> =>
  attempt(async () => {
    const resourceType = resourceTypeOf(type);
    if (!resourceType) throw validationError(`Unrecognized resource types: [${type}]`);
    const created = await resourceType.create(properties, {
      ...{ runtime, account, logicalId, resourceType: type },
      ...{ stackName: stack.name, stackId: stack.id, stackRegion: stack.region },
    });
    const policies = { retained, retainedWhenReplaced };
    return { ...created, ...policies, logicalId, type, properties, status: 'CREATE_COMPLETE' };
  });

/** Resolves to the error if AWS would answer with it; a defect of the sandbox is thrown. */
export async function attempt<T>(act: () => T | Promise<T>): Promise<T | Error> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Error) || !faultOf(error)) throw error;
    return error;
  }
}

/** In reverse order of creation. */
export async function removeResources(
  resources: readonly StackResource[],
  recordEvent: RecordEvent,
): Promise<void> {
  for (const resource of resources.toReversed()) {
    await resource.remove();
    resource.status = 'DELETE_COMPLETE';
    recordEvent(resource, 'DELETE_COMPLETE');
  }
}

export type RecordEvent = ReturnType<typeof eventRecorder>;

export function eventRecorder(stack: Stack, runtime: SandboxRuntime) {
  return (subject: 'stack' | { logicalId: string; type: string }, status: string, reason?: string): void => {
    const isStack = subject === 'stack';
    const logicalId = isStack ? stack.name : subject.logicalId;
    const resource = stack.resources.find((created) => created.logicalId === logicalId);
    stack.events.push({
      id: randomUUID(),
      logicalId,
      physicalId: isStack ? stack.id : (resource?.physicalId ?? ''),
      type: isStack ? 'AWS::CloudFormation::Stack' : subject.type,
      status,
      reason,
      recordedAt: runtime.now(),
    });
    if (isStack) stack.statusReason = reason;
  };
}

export function reasonOf(error: Error): string {
  const { code, message, status } = faultOf(error) ?? { code: '', message: error.message, status: 500 };
  const handlerCode =
    new Map([
      ['EntityAlreadyExists', 'AlreadyExists'],
      ['NoSuchEntity', 'NotFound'],
      ['LimitExceeded', 'ServiceLimitExceeded'],
    ]).get(code) ?? 'InvalidRequest';
  return `Resource handler returned message: "${message} (Service: Iam, Status Code: ${status}, Request ID: ${randomUUID()})" (RequestToken: ${randomUUID()}, HandlerErrorCode: ${handlerCode})`;
}

export function scopeOf(
  stack: Stack,
  { account, parameters, template }: StackContext,
  created: ReadonlyMap<string, Pick<CreatedResource, 'physicalId' | 'attributes'>>,
): Scope {
  const pseudo = new Map<string, unknown>([
    ['AWS::AccountId', account.id],
    ['AWS::Partition', account.partition],
    ['AWS::Region', stack.region],
    ['AWS::StackName', stack.name],
    ['AWS::StackId', stack.id],
    ['AWS::URLSuffix', account.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'],
    ['AWS::NoValue', noValue],
    ['AWS::NotificationARNs', []],
  ]);
  const unresolved = (name: string) =>
    validationError(
      `Template format error: Unresolved resource dependencies [${name}] in the Resources block of the template`,
    );
  return {
    conditions: template.conditions,
    mappings: template.mappings,
    ref(name) {
      if (pseudo.has(name)) return pseudo.get(name);
      const value = parameters.get(name)?.value ?? created.get(name)?.physicalId;
      if (value === undefined) throw unresolved(name);
      return value;
    },
    attribute(name, attribute) {
      const value = created.get(name)?.attributes[attribute];
      if (value === undefined)
        throw validationError(
          `Template error: resource ${name} does not support attribute type ${attribute} in Fn::GetAtt`,
        );
      return value;
    },
  };
}

export function outputsOf(definitions: Json, scope: Scope): Stack['outputs'] {
  return Object.entries(definitions).flatMap(([name, output]) => {
    if (!isObject(output)) throw validationError(`Template format error: Output ${name} is malformed.`);
    const { Condition: condition, Description: description, Value: value } = output;
    if (condition !== undefined && !namedCondition(condition, scope)) return [];
    return {
      OutputKey: name,
      OutputValue: textOf(evaluate(value, scope)),
      ...(typeof description === 'string' && { Description: description }),
    };
  });
}
