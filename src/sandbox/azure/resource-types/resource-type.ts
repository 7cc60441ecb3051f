/** The interface of a resource type; each type has a file in this folder. */

import type { Directory, Resource } from '../directory.ts';
import type { ResourceId } from '../resource-id.ts';
import type { Outcome } from '../responses.ts';
import type { JsonObject } from '../template/json.ts';

export interface CloudState {
  readonly directory: Directory;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Azure Policy definitions that apply to a subscription, by its id. */
  readonly policies: (subscription: string) => readonly JsonObject[];
  /** Seconds until the rest of Azure sees a change. */
  readonly propagationSeconds: () => number;
}

export interface ResourceType {
  readonly type: string;
  /** Checks the body, which has the `apiVersion` of the request, and returns the resource to store, or ARM's refusal. */
  create(target: ResourceId, body: JsonObject, state: CloudState): Outcome<Resource>;
}
