/** A stack as the CloudFormation API returns it. */
import type { Tag } from '../query.ts';
import type { CreatedResource, Json } from './created-resource.ts';

/** What the customer submitted. */
export interface StackInput {
  /** The text of the template. */
  readonly body: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly capabilities: readonly string[];
  readonly tags: readonly Tag[];
}

export interface Stack {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly createdAt: number;
  input: StackInput;
  description: string | undefined;
  parameters: readonly { readonly ParameterKey: string; readonly ParameterValue: string }[];
  updatedAt: number | undefined;
  status: string;
  statusReason: string | undefined;
  outputs: readonly {
    readonly OutputKey: string;
    readonly OutputValue: string;
    readonly Description?: string;
  }[];
  resources: readonly StackResource[];
  /** Oldest first. */
  readonly events: StackEvent[];
  readonly changeSets: ChangeSet[];
}

export interface StackResource extends CreatedResource {
  readonly logicalId: string;
  readonly type: string;
  /** As evaluated when the resource was created or last updated. */
  readonly properties: Json;
  status: string;
  /** `DeletionPolicy: Retain`: the resource stays when the stack is deleted. */
  readonly retained: boolean;
  /** `UpdateReplacePolicy: Retain`: the resource stays when an update creates another one in its place. */
  readonly retainedWhenReplaced: boolean;
}

export interface StackEvent {
  readonly id: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly recordedAt: number;
}

export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly type: 'CREATE' | 'UPDATE';
  readonly description: string | undefined;
  readonly createdAt: number;
  readonly input: StackInput;
  readonly status: 'CREATE_COMPLETE' | 'FAILED';
  readonly statusReason: string | undefined;
  executionStatus: 'AVAILABLE' | 'UNAVAILABLE' | 'EXECUTE_COMPLETE';
}
