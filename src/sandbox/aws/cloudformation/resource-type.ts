/** The interface of a resource type, and readers of its properties. */
import type { SandboxRuntime } from '../../contract.ts';
import { isObject } from '../../jws.ts';
import type { Account } from '../accounts.ts';
import { fault } from '../fault.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface CreateContext {
  readonly runtime: SandboxRuntime;
  readonly account: Account;
  readonly stackName: string;
  readonly stackId: string;
  readonly stackRegion: string;
  readonly logicalId: string;
  readonly resourceType: string;
}

export interface CreatedResource {
  /** The value of Ref. */
  readonly physicalId: string;
  readonly attributes: Readonly<Record<string, string>>;
  remove(): void | Promise<void>;
}

export interface ResourceType {
  readonly properties: readonly string[] | 'any';
  readonly required: readonly string[];
  /** The capability that the customer must acknowledge, if any. */
  requiredCapability(properties: Json): string | undefined;
  create(properties: Json, context: CreateContext): CreatedResource | Promise<CreatedResource>;
}

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
