/** Creates the resources of a stack, all or none. Done when the call returns; real CloudFormation takes a minute. */
import {
  activeDefinitions,
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
import type { Stack, StackResource } from './stack.ts';
import type { ResourceDefinition } from './template.ts';

export async function createStackResources(stack: Stack, context: StackContext): Promise<void> {
  const { runtime, template } = context;
  const created = new Map<string, StackResource>();
  const scope = scopeOf(stack, context, created);
  const recordEvent = eventRecorder(stack, runtime);
  const definitions = activeDefinitions(template, scope);
  recordEvent('stack', 'CREATE_IN_PROGRESS', 'User Initiated');
  for (const definition of definitions) {
    recordEvent(definition, 'CREATE_IN_PROGRESS');
    const properties = await evaluateProperties(definition, scope);
    const outcome =
      properties instanceof Error ? properties : await createResource(definition, properties, context, stack);
    if (outcome instanceof Error) {
      recordEvent(definition, 'CREATE_FAILED', reasonOf(outcome));
      return rollBack(stack, definition, recordEvent);
    }
    created.set(definition.logicalId, outcome);
    stack.resources = [...created.values()];
    recordEvent(definition, 'CREATE_COMPLETE');
  }
  stack.outputs = outputsOf(template.outputs, scope);
  stack.status = 'CREATE_COMPLETE';
  recordEvent('stack', 'CREATE_COMPLETE');
}

async function rollBack(stack: Stack, failed: ResourceDefinition, recordEvent: RecordEvent): Promise<void> {
  recordEvent(
    'stack',
    'ROLLBACK_IN_PROGRESS',
    `The following resource(s) failed to create: [${failed.logicalId}]. Rollback requested by user.`,
  );
  await removeResources(stack.resources, recordEvent);
  stack.status = 'ROLLBACK_COMPLETE';
  recordEvent('stack', 'ROLLBACK_COMPLETE');
}
