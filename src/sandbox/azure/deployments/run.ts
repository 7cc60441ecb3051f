/** Creates the planned resources in waves: all resources without open dependencies at the same time. */
import { SojournError } from '../../../platform/errors/index.ts';
import { type ResourceId, same } from '../resource-id.ts';
import type { CloudState } from '../resource-types/resource-type.ts';
import { write } from '../resources.ts';
import { type Outcome, ok, type Refusal, refuse } from '../responses.ts';
import { evaluate, type TemplateContext } from '../template/evaluate.ts';
import { isObject, type JsonObject, stringOf } from '../template/json.ts';
import type { Planned } from './plan.ts';

/** Deploys a nested template; a parameter, to avoid a circular import. */
export type Nested = (target: ResourceId, body: JsonObject, context: TemplateContext) => Outcome<unknown>;

/** Returns the errors of failed resources. As in Azure, resources that depend on them are not created. */
export function run(
  planned: readonly Planned[],
  context: TemplateContext,
  state: CloudState,
  nested: Nested,
): readonly Refusal[] {
  const failures: Refusal[] = [];
  let open = planned;
  while (open.length > 0 && failures.length === 0) {
    const wave = open.filter(
      ({ after }) => !after.some((id) => open.some(({ target }) => same(target.id, id))),
    );
    open = open.filter((item) => !wave.includes(item));
    // Evaluates all bodies first: resources of one wave do not see each other.
    const bodies = wave.map((item) => ({ item, body: bodyOf(item, context) }));
    const identities = new Set<string>();
    for (const { item, body } of bodies) {
      const outcome = body.ok ? apply(item, body.value) : body;
      if (!outcome.ok) failures.push(outcome);
    }

    function apply({ target }: Planned, body: JsonObject): Outcome<unknown> {
      if (same(target.type, 'Microsoft.Resources/deployments')) return nested(target, body, context);
      const clash = overlap(target, identities);
      return clash ?? write(target, body, state);
    }
  }
  return failures;
}

function bodyOf({ raw }: Planned, context: TemplateContext): Outcome<JsonObject> {
  const { condition: _c, dependsOn: _d, resources: _r, scope: _s, ...body } = raw;
  const isNested = same(stringOf(raw.type), 'Microsoft.Resources/deployments');
  return attempt(() => {
    if (!isNested || !isObject(body.properties)) return evaluate(body, context) as JsonObject;
    const { template = null, ...rest } = body.properties;
    const evaluated = evaluate({ ...body, properties: rest }, context) as JsonObject;
    return { ...evaluated, properties: { ...(evaluated.properties as JsonObject), template } };
  });
}

/** Azure refuses concurrent writes of federated credentials for one identity (clouds.md 2.1). */
function overlap({ type, id }: ResourceId, writing: Set<string>): Refusal | undefined {
  if (!/federatedIdentityCredentials$/i.test(type)) return undefined;
  const owner = id.split('/').slice(0, -2).join('/');
  if (!writing.has(owner.toLowerCase())) {
    writing.add(owner.toLowerCase());
    return undefined;
  }
  return refuse(
    409,
    'ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity',
    `Too many Federated Identity Credentials are written concurrently for the managed identity '${owner}'. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.`,
  );
}

/** Converts a template error into ARM's response. */
export function attempt<T>(evaluateIt: () => T): Outcome<T> {
  try {
    return ok(evaluateIt());
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    if (error.code === 'not_found') return refuse(404, 'ResourceNotFound', error.message);
    return refuse(400, 'InvalidTemplate', `Deployment template validation failed: '${error.message}'.`);
  }
}
