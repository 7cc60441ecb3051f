/** Microsoft.Resources/deployments: one PUT validates the template, creates all resources and stores the result. */
import { randomUUID } from 'node:crypto';
import { toTimestamp } from '../../../platform/time/index.ts';
import type { Resource } from '../directory.ts';
import { type ResourceId, same } from '../resource-id.ts';
import type { CloudState } from '../resource-types/resource-type.ts';
import { type Outcome, ok, type Refusal, refuse } from '../responses.ts';
import { evaluate, type TemplateContext } from '../template/evaluate.ts';
import { isObject, type JsonObject, stringOf, text } from '../template/json.ts';
import { type Planned, plan } from './plan.ts';
import { attempt, run } from './run.ts';
import { createTemplateContext, type DeploymentScope, type Lookup, scopeOf } from './template-context.ts';

export const deploymentType = 'Microsoft.Resources/deployments';

/** The stored deployment, successful or failed; a refusal only for errors that ARM reports before it starts. */
export function deploy(
  target: ResourceId,
  body: JsonObject,
  state: CloudState,
  outer?: TemplateContext,
): Outcome<Resource> {
  const properties = isObject(body.properties) ? body.properties : {};
  const { template, mode } = properties;
  if (!isObject(template))
    return refuse(
      400,
      'InvalidRequestContent',
      "The request content was invalid: 'template' is not an object; the sandbox does not support templateLink.",
    );
  if (text(mode)?.toLowerCase() !== 'incremental')
    return refuse(
      400,
      'InvalidDeploymentMode',
      `The sandbox supports only the mode 'Incremental', not '${stringOf(mode)}'.`,
    );
  const deploymentScope = { subscription: target.subscription, group: target.group };
  if (deploymentScope.group && !state.directory.get(scopeOf(deploymentScope)))
    return refuse(
      404,
      'ResourceGroupNotFound',
      `Resource group '${deploymentScope.group}' could not be found.`,
    );

  const prepared = attempt(() => prepare(template, properties, deploymentScope, target, state, outer));
  if (!prepared.ok) return prepared;
  const { context, planned } = prepared.value;
  const failures = run(planned, context, state, (inner, innerBody, from) =>
    deployNested(inner, innerBody, state, from),
  );
  const outputs = failures.length === 0 ? attempt(() => outputsOf(template, context)) : ok({});
  const errors = outputs.ok ? failures : [outputs];
  const resource: Resource = {
    id: target.id,
    name: target.names[0] ?? '',
    type: deploymentType,
    ...(text(body.location) ? { location: text(body.location) ?? '' } : {}),
    properties: {
      mode: 'Incremental',
      provisioningState: errors.length === 0 ? 'Succeeded' : 'Failed',
      timestamp: toTimestamp(state.now()),
      duration: 'PT1S',
      correlationId: randomUUID(),
      parameters: isObject(properties.parameters) ? properties.parameters : {},
      ...(outputs.ok ? { outputs: outputs.value } : {}),
      outputResources: errors.length === 0 ? planned.map(({ target: { id } }) => ({ id })) : [],
      ...(errors.length === 0 ? {} : { error: failed(errors) }),
    },
    changedAt: state.now(),
  };
  state.directory.put(resource);
  return ok(resource);
}

function prepare(
  template: JsonObject,
  properties: JsonObject,
  deploymentScope: DeploymentScope,
  target: ResourceId,
  state: CloudState,
  outer?: TemplateContext,
) {
  const provided = isObject(properties.parameters) ? properties.parameters : {};
  let planned: readonly Planned[] = [];
  const lookup: Lookup = (idOrName) => {
    const byName = planned.find(({ name }) => same(name, idOrName));
    const found = state.directory.get(byName?.target.id ?? idOrName);
    if (!found) return undefined;
    const { changedAt: _changedAt, ...full } = found;
    return { properties: found.properties, full };
  };
  const context = createTemplateContext(template, provided, deploymentScope, target, state, lookup, outer);
  planned = plan(template, deploymentScope, context);
  return { context, planned };
}

/** A nested template is evaluated in its parent's scope unless it sets the scope `inner`. */
function deployNested(
  target: ResourceId,
  body: JsonObject,
  state: CloudState,
  context: TemplateContext,
): Outcome<unknown> {
  const options = isObject(body.properties) ? body.properties.expressionEvaluationOptions : undefined;
  const inner = isObject(options) && text(options.scope)?.toLowerCase() === 'inner';
  const outcome = deploy(target, body, state, inner ? undefined : context);
  if (!outcome.ok || outcome.value.properties.provisioningState === 'Succeeded') return outcome;
  const { error } = outcome.value.properties;
  const first = isObject(error) && Array.isArray(error.details) ? error.details[0] : undefined;
  return isObject(first)
    ? refuse(400, stringOf(first.code), stringOf(first.message))
    : refuse(400, 'DeploymentFailed', 'The nested deployment failed.');
}

function outputsOf(template: JsonObject, context: TemplateContext): JsonObject {
  const outputs = isObject(template.outputs) ? template.outputs : {};
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, output]) => {
      if (!isObject(output)) return [];
      if (output.condition !== undefined && evaluate(output.condition, context) !== true) return [];
      const type = text(output.type) ?? 'String';
      return [
        [
          name,
          {
            type: type.charAt(0).toUpperCase() + type.slice(1),
            value: evaluate(output.value ?? null, context),
          },
        ],
      ];
    }),
  );
}

const failed = (errors: readonly Refusal[]): JsonObject => ({
  code: 'DeploymentFailed',
  message:
    'At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.',
  details: errors.map(({ code, message }) => ({ code, message })),
});
