/** Makes a stack, all of it or nothing. It is done when the call returns; the real one takes a minute. */
import { randomUUID } from 'node:crypto';
import type { SandboxWorld } from '../../contract.ts';
import { isObject } from '../../jws.ts';
import type { Account } from '../accounts.ts';
import { type Fault, faultOf, validationError } from '../fault.ts';
import { evaluate, namedCondition, noValue, type Scope, textOf } from './intrinsics.ts';
import type { Json, Made } from './kind.ts';
import type { Parameter } from './parameters.ts';
import { checkProperties, kindOf } from './resources.ts';
import type { Stack } from './stack.ts';
import type { ResourceDefinition, Template } from './template.ts';

interface Site {
  readonly world: SandboxWorld;
  readonly account: Account;
  readonly template: Template;
  readonly parameters: ReadonlyMap<string, Parameter>;
}

export async function makeStack(stack: Stack, site: Site): Promise<void> {
  const { world, template } = site;
  const made = new Map<string, Made>();
  const scope = scopeOf(stack, site, made);
  const tell = eventsOf(stack, world);
  const wanted = template.resources.filter(
    ({ condition }) => condition === undefined || namedCondition(condition, scope),
  );
  tell('stack', 'CREATE_IN_PROGRESS', 'User Initiated');
  for (const definition of wanted) {
    tell(definition, 'CREATE_IN_PROGRESS');
    const outcome = await makeResource(definition, scope, site, stack);
    if ('code' in outcome) {
      tell(definition, 'CREATE_FAILED', reasonOf(outcome));
      return rollBack(stack, definition, tell);
    }
    made.set(definition.logicalId, outcome);
    stack.resources.push({
      logicalId: definition.logicalId,
      type: definition.type,
      physicalId: outcome.physicalId,
      remove: () => outcome.remove(),
      retained: definition.retained,
      status: 'CREATE_COMPLETE',
    });
    tell(definition, 'CREATE_COMPLETE');
  }
  stack.outputs = outputsOf(template.outputs, scope);
  stack.status = 'CREATE_COMPLETE';
  tell('stack', 'CREATE_COMPLETE');
}

async function makeResource(
  { type, properties, logicalId }: ResourceDefinition,
  scope: Scope,
  { world, account }: Site,
  stack: Stack,
): Promise<Made | Fault> {
  try {
    const values = evaluate(properties, scope) as Json;
    checkProperties(type, values);
    const kind = kindOf(type);
    if (!kind) throw validationError(`Unrecognized resource types: [${type}]`);
    return await kind.make(values, {
      ...{ world, account, logicalId, resourceType: type },
      ...{ stackName: stack.name, stackId: stack.id, stackRegion: stack.region },
    });
  } catch (error) {
    const known = faultOf(error);
    if (!known) throw error;
    return known;
  }
}

type Tell = ReturnType<typeof eventsOf>;

async function rollBack(stack: Stack, failed: ResourceDefinition, tell: Tell): Promise<void> {
  tell(
    'stack',
    'ROLLBACK_IN_PROGRESS',
    `The following resource(s) failed to create: [${failed.logicalId}]. Rollback requested by user.`,
  );
  await removeResources(stack, tell, () => true);
  stack.status = 'ROLLBACK_COMPLETE';
  tell('stack', 'ROLLBACK_COMPLETE');
}

/** The latest first. */
export async function removeResources(
  stack: Stack,
  tell: Tell,
  goes: (resource: Stack['resources'][number]) => boolean,
): Promise<void> {
  for (const resource of stack.resources.filter(goes).reverse()) {
    await resource.remove();
    resource.status = 'DELETE_COMPLETE';
    tell(resource, 'DELETE_COMPLETE');
  }
}

export function eventsOf(stack: Stack, world: SandboxWorld) {
  return (about: 'stack' | { logicalId: string; type: string }, status: string, reason?: string): void => {
    const isStack = about === 'stack';
    const logicalId = isStack ? stack.name : about.logicalId;
    const resource = stack.resources.find((made) => made.logicalId === logicalId);
    stack.events.push({
      id: randomUUID(),
      logicalId,
      physicalId: isStack ? stack.id : (resource?.physicalId ?? ''),
      type: isStack ? 'AWS::CloudFormation::Stack' : about.type,
      status,
      reason,
      at: world.now(),
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
  { account, parameters, template }: Site,
  made: ReadonlyMap<string, Made>,
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
      const value = parameters.get(name)?.value ?? made.get(name)?.physicalId;
      if (value === undefined) throw unresolved(name);
      return value;
    },
    attribute(name, attribute) {
      const value = made.get(name)?.attributes[attribute];
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
