/** Microsoft.Resources/deployments: one PUT validates the template, makes everything and keeps the result. */
import { randomUUID } from 'node:crypto';
import { toTimestamp } from '../../../platform/time/index.ts';
import { made, type Outcome, type Refusal, refuse } from '../answers.ts';
import type { Resource } from '../directory.ts';
import type { Estate } from '../kinds/kind.ts';
import { type ResourceId, same } from '../resource-id.ts';
import { evaluate, type Surroundings } from '../template/evaluate.ts';
import { isObject, type JsonObject, stringOf, text } from '../template/json.ts';
import { type Planned, plan } from './plan.ts';
import { attempt, run } from './run.ts';
import { type Lookup, type Place, scopeOf, surround } from './surroundings.ts';

export const deploymentType = 'Microsoft.Resources/deployments';

/** The deployment as kept, failed or not; a refusal only for what ARM refuses before it starts. */
export function deploy(
  target: ResourceId,
  body: JsonObject,
  estate: Estate,
  outer?: Surroundings,
): Outcome<Resource> {
  const properties = isObject(body.properties) ? body.properties : {};
  const { template, mode } = properties;
  if (!isObject(template))
    return refuse(
      400,
      'InvalidRequestContent',
      "The request content was invalid: 'template' is not an object; the sandbox reads no templateLink.",
    );
  if (text(mode)?.toLowerCase() !== 'incremental')
    return refuse(
      400,
      'InvalidDeploymentMode',
      `The sandbox deploys in mode 'Incremental' only, not '${stringOf(mode)}'.`,
    );
  const place = { subscription: target.subscription, group: target.group };
  if (place.group && !estate.directory.get(scopeOf(place)))
    return refuse(404, 'ResourceGroupNotFound', `Resource group '${place.group}' could not be found.`);

  const begun = attempt(() => begin(template, properties, place, target, estate, outer));
  if (!begun.ok) return begun;
  const { around, planned } = begun.value;
  const failures = run(planned, around, estate, (inner, innerBody, from) =>
    deployNested(inner, innerBody, estate, from),
  );
  const outputs = failures.length === 0 ? attempt(() => outputsOf(template, around)) : made({});
  const errors = outputs.ok ? failures : [outputs];
  const resource: Resource = {
    id: target.id,
    name: target.names[0] ?? '',
    type: deploymentType,
    ...(text(body.location) ? { location: text(body.location) ?? '' } : {}),
    properties: {
      mode: 'Incremental',
      provisioningState: errors.length === 0 ? 'Succeeded' : 'Failed',
      timestamp: toTimestamp(estate.now()),
      duration: 'PT1S',
      correlationId: randomUUID(),
      parameters: isObject(properties.parameters) ? properties.parameters : {},
      ...(outputs.ok ? { outputs: outputs.value } : {}),
      outputResources: errors.length === 0 ? planned.map(({ target: { id } }) => ({ id })) : [],
      ...(errors.length === 0 ? {} : { error: failed(errors) }),
    },
    changedAt: estate.now(),
  };
  estate.directory.put(resource);
  return made(resource);
}

function begin(
  template: JsonObject,
  properties: JsonObject,
  place: Place,
  target: ResourceId,
  estate: Estate,
  outer?: Surroundings,
) {
  const given = isObject(properties.parameters) ? properties.parameters : {};
  let planned: readonly Planned[] = [];
  const lookup: Lookup = (idOrName) => {
    const byName = planned.find(({ name }) => same(name, idOrName));
    const found = estate.directory.get(byName?.target.id ?? idOrName);
    if (!found) return undefined;
    const { changedAt: _changedAt, ...full } = found;
    return { properties: found.properties, full };
  };
  const around = surround(template, given, place, target, estate, lookup, outer);
  planned = plan(template, place, around);
  return { around, planned };
}

/** A nested template is evaluated in its parent's scope unless it asks for its own (`inner`). */
function deployNested(
  target: ResourceId,
  body: JsonObject,
  estate: Estate,
  around: Surroundings,
): Outcome<unknown> {
  const options = isObject(body.properties) ? body.properties.expressionEvaluationOptions : undefined;
  const inner = isObject(options) && text(options.scope)?.toLowerCase() === 'inner';
  const outcome = deploy(target, body, estate, inner ? undefined : around);
  if (!outcome.ok || outcome.value.properties.provisioningState === 'Succeeded') return outcome;
  const { error } = outcome.value.properties;
  const first = isObject(error) && Array.isArray(error.details) ? error.details[0] : undefined;
  return isObject(first)
    ? refuse(400, stringOf(first.code), stringOf(first.message))
    : refuse(400, 'DeploymentFailed', 'The nested deployment failed.');
}

function outputsOf(template: JsonObject, around: Surroundings): JsonObject {
  const outputs = isObject(template.outputs) ? template.outputs : {};
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, output]) => {
      if (!isObject(output)) return [];
      if (output.condition !== undefined && evaluate(output.condition, around) !== true) return [];
      const type = text(output.type) ?? 'String';
      return [
        [
          name,
          {
            type: type.charAt(0).toUpperCase() + type.slice(1),
            value: evaluate(output.value ?? null, around),
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
