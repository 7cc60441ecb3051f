/** Creates the resources of a stack, all or none. Done when the call returns; real CloudFormation takes a minute. */
import { randomUUID } from 'node:crypto';
import type { SandboxRuntime } from '../../contract.ts';
import { isObject } from '../../jws.ts';
import type { Account } from '../accounts.ts';
import { type Fault, faultOf, validationError } from '../fault.ts';
import { evaluate, namedCondition, noValue, type Scope, textOf } from './intrinsics.ts';
import type { Parameter } from './parameters.ts';
import type { CreatedResource, Json } from './resource-type.ts';
import { checkProperties, resourceTypeOf } from './resources.ts';
import type { Stack } from './stack.ts';
import type { ResourceDefinition, Template } from './template.ts';

interface StackContext {
  readonly runtime: SandboxRuntime;
  readonly account: Account;
  readonly template: Template;
  readonly parameters: ReadonlyMap<string, Parameter>;
}

export async function createStackResources(stack: Stack, context: StackContext): Promise<void> {
  const { runtime, template } = context;
  const created = new Map<string, CreatedResource>();
  const scope = scopeOf(stack, context, created);
  const recordEvent = eventRecorder(stack, runtime);
  const definitions = template.resources.filter(
    ({ condition }) => condition === undefined || namedCondition(condition, scope),
  );
  recordEvent('stack', 'CREATE_IN_PROGRESS', 'User Initiated');
  for (const definition of definitions) {
    recordEvent(definition, 'CREATE_IN_PROGRESS');
    const outcome = await createResource(definition, scope, context, stack);
    if ('code' in outcome) {
      recordEvent(definition, 'CREATE_FAILED', reasonOf(outcome));
      return rollBack(stack, definition, recordEvent);
    }
    created.set(definition.logicalId, outcome);
    stack.resources.push({
      logicalId: definition.logicalId,
      type: definition.type,
      physicalId: outcome.physicalId,
      remove: () => outcome.remove(),
      retained: definition.retained,
      status: 'CREATE_COMPLETE',
    });
    recordEvent(definition, 'CREATE_COMPLETE');
  }
  stack.outputs = outputsOf(template.outputs, scope);
  stack.status = 'CREATE_COMPLETE';
  recordEvent('stack', 'CREATE_COMPLETE');
}

async function createResource(
  { type, properties, logicalId }: ResourceDefinition,
  scope: Scope,
  { runtime, account }: StackContext,
  stack: Stack,
): Promise<CreatedResource | Fault> {
  try {
    const values = evaluate(properties, scope) as Json;
    checkProperties(type, values);
    const resourceType = resourceTypeOf(type);
    if (!resourceType) throw validationError(`Unrecognized resource types: [${type}]`);
    return await resourceType.create(values, {
      ...{ runtime, account, logicalId, resourceType: type },
      ...{ stackName: stack.name, stackId: stack.id, stackRegion: stack.region },
    });
  } catch (error) {
    const known = faultOf(error);
    if (!known) throw error;
    return known;
  }
}

type RecordEvent = ReturnType<typeof eventRecorder>;

async function rollBack(stack: Stack, failed: ResourceDefinition, recordEvent: RecordEvent): Promise<void> {
  recordEvent(
    'stack',
    'ROLLBACK_IN_PROGRESS',
    `The following resource(s) failed to create: [${failed.logicalId}]. Rollback requested by user.`,
  );
  await removeResources(stack, recordEvent, () => true);
  stack.status = 'ROLLBACK_COMPLETE';
  recordEvent('stack', 'ROLLBACK_COMPLETE');
}

/** In reverse order of creation. */
export async function removeResources(
  stack: Stack,
  recordEvent: RecordEvent,
  shouldRemove: (resource: Stack['resources'][number]) => boolean,
): Promise<void> {
  for (const resource of stack.resources.filter(shouldRemove).reverse()) {
    await resource.remove();
    resource.status = 'DELETE_COMPLETE';
    recordEvent(resource, 'DELETE_COMPLETE');
  }
}

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

function reasonOf({ code, message, status }: Fault): string {
  const handlerCode =
    new Map([
      ['EntityAlreadyExists', 'AlreadyExists'],
      ['NoSuchEntity', 'NotFound'],
      ['LimitExceeded', 'ServiceLimitExceeded'],
    ]).get(code) ?? 'InvalidRequest';
  return `Resource handler returned message: "${message} (Service: Iam, Status Code: ${status}, Request ID: ${randomUUID()})" (RequestToken: ${randomUUID()}, HandlerErrorCode: ${handlerCode})`;
}

function scopeOf(
  stack: Stack,
  { account, parameters, template }: StackContext,
  created: ReadonlyMap<string, CreatedResource>,
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

function outputsOf(definitions: Json, scope: Scope): Stack['outputs'] {
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
