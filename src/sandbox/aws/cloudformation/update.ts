/**
 * Updates the resources of a stack: changes in place what its type can change, replaces the others, and restores
 * everything if one fails (user guide, "Update behaviors of stack resources"). Done when the call returns.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  activeDefinitions,
  attempt,
  createResource,
  evaluateProperties,
  eventRecorder,
  outputsOf,
  type RecordEvent,
  reasonOf,
  removeResources,
  type StackContext,
  scopeOf,
} from './provision.ts';
import type { Json } from './resource-type.ts';
import type { Stack, StackResource } from './stack.ts';
import type { ResourceDefinition } from './template.ts';

/** One resource after the update, and how to take the change back. */
interface Step {
  readonly resource: StackResource;
  readonly undo?: () => void | Promise<void>;
}

export async function updateStackResources(stack: Stack, context: StackContext): Promise<void> {
  const before = stack.resources;
  const after = new Map<string, StackResource>();
  const scope = scopeOf(stack, context, after);
  const recordEvent = eventRecorder(stack, context.runtime);
  const undo: NonNullable<Step['undo']>[] = [];
  recordEvent('stack', 'UPDATE_IN_PROGRESS', 'User Initiated');
  for (const definition of activeDefinitions(context.template, scope)) {
    const old = before.find(
      ({ logicalId, type }) => logicalId === definition.logicalId && type === definition.type,
    );
    const properties = await evaluateProperties(definition, scope);
    const step =
      properties instanceof Error
        ? properties
        : await apply({ definition, properties, old, context, stack, recordEvent });
    if (step instanceof Error) {
      recordEvent(definition, old ? 'UPDATE_FAILED' : 'CREATE_FAILED', reasonOf(step));
      recordEvent('stack', 'UPDATE_ROLLBACK_IN_PROGRESS', failedText(definition, old));
      for (const takeBack of undo.reverse()) await takeBack();
      stack.resources = before;
      stack.status = 'UPDATE_ROLLBACK_COMPLETE';
      recordEvent('stack', 'UPDATE_ROLLBACK_COMPLETE');
      return;
    }
    if (step.undo) undo.push(step.undo);
    after.set(definition.logicalId, step.resource);
  }
  stack.resources = [...after.values()];
  recordEvent('stack', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
  await removeResources(
    before.filter((old) => isGone(old, after.get(old.logicalId))),
    recordEvent,
  );
  stack.outputs = outputsOf(context.template.outputs, scope);
  stack.status = 'UPDATE_COMPLETE';
  recordEvent('stack', 'UPDATE_COMPLETE');
}

interface Change {
  readonly definition: ResourceDefinition;
  readonly properties: Json;
  readonly old: StackResource | undefined;
  readonly context: StackContext;
  readonly stack: Stack;
  readonly recordEvent: RecordEvent;
}

async function apply(change: Change): Promise<Step | Error> {
  const { definition, properties, old, context, stack, recordEvent } = change;
  const { retained, retainedWhenReplaced } = definition;
  const policies = { retained, retainedWhenReplaced };
  if (old && isDeepStrictEqual(old.properties, properties)) return { resource: { ...old, ...policies } };
  recordEvent(definition, old ? 'UPDATE_IN_PROGRESS' : 'CREATE_IN_PROGRESS');
  const attributes = old && (await attempt(async () => old.update?.(properties, old.properties)));
  if (attributes instanceof Error) {
    // A type changes one property after the other, so those before the fault are changed.
    await attempt(async () => old?.update?.(old.properties, properties));
    return attributes;
  }
  if (old && attributes) {
    recordEvent(definition, 'UPDATE_COMPLETE');
    return {
      resource: { ...old, ...policies, attributes, properties, status: 'UPDATE_COMPLETE' },
      undo: async () => void (await old.update?.(old.properties, properties)),
    };
  }
  const created = await createResource(definition, properties, context, stack);
  if (created instanceof Error) return created;
  recordEvent(definition, old ? 'UPDATE_COMPLETE' : 'CREATE_COMPLETE');
  return { resource: created, undo: () => created.remove() };
}

/** Not part of the new template, or replaced. */
const isGone = (old: StackResource, now: StackResource | undefined): boolean =>
  now === undefined ? !old.retained : now.physicalId !== old.physicalId && !old.retainedWhenReplaced;

const failedText = ({ logicalId }: ResourceDefinition, old: StackResource | undefined): string =>
  `The following resource(s) failed to ${old ? 'update' : 'create'}: [${logicalId}]. `;
