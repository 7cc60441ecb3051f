/** What a resource type must be able to do; one file each in this folder. */
import type { Outcome } from '../answers.ts';
import type { Directory, Resource } from '../directory.ts';
import type { ResourceId } from '../resource-id.ts';
import type { JsonObject } from '../template/json.ts';

export interface Estate {
  readonly directory: Directory;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Seconds until the rest of Azure sees a change. */
  readonly propagationSeconds: () => number;
}

export interface Kind {
  readonly type: string;
  /** Checks the body and gives the resource as it will be stored, or ARM's refusal. */
  make(target: ResourceId, body: JsonObject, estate: Estate): Outcome<Resource>;
}
