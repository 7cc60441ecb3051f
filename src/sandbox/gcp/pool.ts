/** A workload identity pool: the fields that a client can set (clouds.md 3.1). */

import type { Entity } from './collection.ts';
import { type Input, textOf } from './input.ts';
import { invalid, type Outcome, ok } from './responses.ts';

export interface Pool extends Entity {
  readonly displayName?: string;
  readonly description?: string;
}

export const poolFields = ['displayName', 'description', 'disabled'] as const;

export function readPool(name: string, input: Input): Outcome<Pool> {
  const fault = idFault(name) ?? labelFault(input);
  return fault ? invalid(fault) : ok({ name, ...labels(input) });
}

/** Checks the last segment of the name; the rule is the same for pools and providers. */
export function idFault(name: string): string | undefined {
  const id = name.slice(name.lastIndexOf('/') + 1);
  if (!/^[a-z0-9-]{4,32}$/.test(id))
    return `The ID '${id}' is invalid. It must be 4-32 characters, and may contain the characters [a-z0-9-].`;
  return id.startsWith('gcp-') ? `The ID '${id}' is invalid. The prefix 'gcp-' is reserved.` : undefined;
}

export function labelFault({ displayName, description }: Input): string | undefined {
  if (textOf(displayName).length > 32) return 'The display name cannot exceed 32 characters.';
  return textOf(description).length > 256 ? 'The description cannot exceed 256 characters.' : undefined;
}

export const labels = ({ displayName, description, disabled }: Input) => ({
  ...(textOf(displayName) ? { displayName: textOf(displayName) } : {}),
  ...(textOf(description) ? { description: textOf(description) } : {}),
  ...(disabled === true ? { disabled } : {}),
});
