/** The interface of a resource type, and readers of its properties. */
import { isDeepStrictEqual } from 'node:util';
import type { SandboxRuntime } from '../../contract.ts';
import { isObject } from '../../jws.ts';
import { type Account, uniqueId } from '../accounts.ts';
import { fault } from '../fault.ts';
import type { Tag } from '../query.ts';
import type { CreatedResource, Json } from './created-resource.ts';

export type { CreatedResource, Json };

export interface CreateContext {
  readonly runtime: SandboxRuntime;
  readonly account: Account;
  readonly stackName: string;
  readonly stackId: string;
  readonly stackRegion: string;
  readonly logicalId: string;
  readonly resourceType: string;
}

export interface ResourceType {
  readonly properties: readonly string[] | 'any';
  readonly required: readonly string[];
  /** The capability that the customer must acknowledge, if any. */
  requiredCapability(properties: Json): string | undefined;
  create(properties: Json, context: CreateContext): CreatedResource | Promise<CreatedResource>;
}

/** Whether one of the properties has another value. */
export const differs = (one: Json, other: Json, ...names: readonly string[]): boolean =>
  names.some((name) => !isDeepStrictEqual(one[name], other[name]));

export const invalid = (property: string, problem: string) =>
  fault('InvalidRequest', `Properties validation failed: #${property && `/${property}`}: ${problem}`);

export function text(properties: Json, name: string): string | undefined {
  const value = properties[name];
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid(name, 'expected type: String');
}

export function list(properties: Json, name: string): string[] {
  const value = properties[name] ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw invalid(name, 'expected type: JSONArray');
}

export function objects(properties: Json, name: string): Json[] {
  const value = properties[name] ?? [];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw invalid(name, 'expected type: JSONArray');
}

/** A policy may be an object or its JSON text. */
export function document(properties: Json, name: string): string {
  const value = properties[name];
  if (typeof value === 'string') return value;
  if (isObject(value)) return JSON.stringify(value);
  throw invalid(name, 'expected type: JSONObject');
}

export const tagList = (properties: Json): Tag[] =>
  objects(properties, 'Tags').map((tag) => ({
    Key: text(tag, 'Key') ?? '',
    Value: text(tag, 'Value') ?? '',
  }));

/** CloudFormation's generated name, truncated to IAM's limit. */
export function generatedName({
  stackName,
  logicalId,
}: Pick<CreateContext, 'stackName' | 'logicalId'>): string {
  return `${`${stackName}-${logicalId}`.slice(0, 51)}-${uniqueId('', 12)}`;
}
