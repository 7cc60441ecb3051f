/** Parses a template and makes all checks that CloudFormation makes before it creates a stack. */
import { isObject } from '../../jws.ts';
import { fault, validationError } from '../fault.ts';
import { referencesOf } from './references.ts';
import type { Json } from './resource-type.ts';
import { resourceTypeOf } from './resources.ts';

export interface ResourceDefinition {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Json;
  readonly condition: string | undefined;
  readonly dependsOn: readonly string[];
  readonly retained: boolean;
  /** `UpdateReplacePolicy: Retain` */
  readonly retainedWhenReplaced: boolean;
}

export interface Template {
  readonly description: string | undefined;
  readonly parameters: Json;
  readonly mappings: Json;
  readonly conditions: Json;
  readonly outputs: Json;
  /** In order of creation: each after its dependencies. */
  readonly resources: readonly ResourceDefinition[];
}

const sections = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
];

const attributes = [
  'Type',
  'Properties',
  'Condition',
  'DependsOn',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'Metadata',
];

const pseudoParameters = [
  'AWS::AccountId',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackName',
  'AWS::StackId',
  'AWS::URLSuffix',
  'AWS::NoValue',
  'AWS::NotificationARNs',
];

/** Throws ValidationError. */
export function parseTemplate(body: string): Template {
  const template = parseJson(body);
  const unknown = Object.keys(template).filter((name) => !sections.includes(name));
  if (unknown.length > 0)
    throw validationError(`Invalid template property or properties [${unknown.join(', ')}]`);
  const resources = section(template, 'Resources');
  if (Object.keys(resources).length === 0)
    throw formatError('At least one Resources member must be defined.');
  const definitions = Object.entries(resources).map(([logicalId, value]) => parseResource(logicalId, value));
  const unknownTypes = definitions.filter(({ type }) => !resourceTypeOf(type)).map(({ type }) => type);
  if (unknownTypes.length > 0) throw formatError(`Unrecognized resource types: [${unknownTypes.join(', ')}]`);
  const parsed = {
    description: typeof template.Description === 'string' ? template.Description : undefined,
    parameters: section(template, 'Parameters'),
    mappings: section(template, 'Mappings'),
    conditions: section(template, 'Conditions'),
    outputs: section(template, 'Outputs'),
    resources: definitions,
  };
  checkReferences(parsed);
  return { ...parsed, resources: sortByDependencies(definitions) };
}

function parseJson(body: string): Json {
  try {
    const template: unknown = JSON.parse(body);
    if (isObject(template)) return template;
  } catch {
    throw formatError('JSON not well-formed.');
  }
  throw formatError('unsupported structure.');
}

function section(template: Json, name: string): Json {
  const value = template[name] ?? {};
  if (!isObject(value)) throw formatError(`[/${name}] must be an object.`);
  return value;
}

function parseResource(logicalId: string, value: unknown): ResourceDefinition {
  if (!/^[A-Za-z0-9]+$/.test(logicalId)) throw formatError(`Resource name ${logicalId} is non alphanumeric.`);
  if (!isObject(value) || typeof value.Type !== 'string')
    throw formatError(`[/Resources/${logicalId}] Every Resources object must contain a Type member.`);
  const unknown = Object.keys(value).filter((name) => !attributes.includes(name));
  if (unknown.length > 0) throw validationError(`Invalid template resource property '${unknown[0]}'`);
  const { Type: type, Properties: properties = {}, Condition: condition, DependsOn: needs = [] } = value;
  if (!isObject(properties)) throw formatError(`[/Resources/${logicalId}/Properties] must be an object.`);
  return {
    logicalId,
    type,
    properties,
    condition: typeof condition === 'string' ? condition : undefined,
    dependsOn: [needs].flat().map(String),
    retained: value.DeletionPolicy === 'Retain',
    retainedWhenReplaced: value.UpdateReplacePolicy === 'Retain',
  };
}

function checkReferences({ resources, parameters, conditions, outputs }: Template): void {
  const logicalIds = resources.map(({ logicalId }) => logicalId);
  const known = new Set([...logicalIds, ...Object.keys(parameters), ...pseudoParameters]);
  const missing = resources.flatMap(({ properties, dependsOn }) => [
    ...[...referencesOf(properties)].filter((name) => !known.has(name)),
    ...dependsOn.filter((name) => !logicalIds.includes(name)),
  ]);
  const unresolved = (names: readonly string[], block: string) =>
    formatError(
      `Unresolved resource dependencies [${[...new Set(names)].join(', ')}] in the ${block} block of the template`,
    );
  if (missing.length > 0) throw unresolved(missing, 'Resources');
  const missingOutputs = [...referencesOf(outputs)].filter((name) => !known.has(name));
  if (missingOutputs.length > 0) throw unresolved(missingOutputs, 'Outputs');
  for (const { condition } of resources)
    if (condition && !(condition in conditions))
      throw formatError(`Conditions condition ${condition} is not defined.`);
}

function sortByDependencies(definitions: readonly ResourceDefinition[]): ResourceDefinition[] {
  const waiting = new Set(definitions);
  const sorted: ResourceDefinition[] = [];
  while (waiting.size > 0) {
    const names = [...waiting].map(({ logicalId }) => logicalId);
    const ready = [...waiting].filter(({ properties, dependsOn }) =>
      [...referencesOf(properties), ...dependsOn].every((name) => !names.includes(name)),
    );
    if (ready.length === 0)
      throw validationError(`Circular dependency between resources: [${names.join(', ')}]`);
    for (const definition of ready) waiting.delete(definition);
    sorted.push(...ready);
  }
  return sorted;
}

/** A name that the template chooses requires CAPABILITY_NAMED_IAM, regardless of conditions. */
export function checkCapabilities({ resources }: Template, granted: readonly string[]): void {
  const requiredCapability = resources.map(({ type, properties }) =>
    resourceTypeOf(type)?.requiredCapability(properties),
  );
  const needed = ['CAPABILITY_NAMED_IAM', 'CAPABILITY_IAM'].find((name) => requiredCapability.includes(name));
  const isGranted = needed && [needed, 'CAPABILITY_NAMED_IAM'].some((name) => granted.includes(name));
  if (needed && !isGranted)
    throw fault('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`);
}

const formatError = (message: string): Error => validationError(`Template format error: ${message}`);
