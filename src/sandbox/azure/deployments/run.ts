/** Makes what was planned, in waves: whatever has nothing left to wait for is made at the same time. */
import { SojournError } from '../../../platform/errors/index.ts';
import { made, type Outcome, type Refusal, refuse } from '../answers.ts';
import type { Estate } from '../kinds/kind.ts';
import { type ResourceId, same } from '../resource-id.ts';
import { write } from '../resources.ts';
import { evaluate, type Surroundings } from '../template/evaluate.ts';
import { isObject, type JsonObject, stringOf } from '../template/json.ts';
import type { Planned } from './plan.ts';

/** Deploys a nested template; given by the caller so that this file knows one level only. */
export type Nested = (target: ResourceId, body: JsonObject, around: Surroundings) => Outcome<unknown>;

/** The errors of the resources that could not be made; whatever depends on them is left out, as in Azure. */
export function run(
  planned: readonly Planned[],
  around: Surroundings,
  estate: Estate,
  nested: Nested,
): readonly Refusal[] {
  const failures: Refusal[] = [];
  let open = planned;
  while (open.length > 0 && failures.length === 0) {
    const wave = open.filter(
      ({ after }) => !after.some((id) => open.some(({ target }) => same(target.id, id))),
    );
    open = open.filter((one) => !wave.includes(one));
    // Bodies first: what runs in parallel does not see what its neighbours make.
    const bodies = wave.map((one) => ({ one, body: bodyOf(one, around) }));
    const identities = new Set<string>();
    for (const { one, body } of bodies) {
      const outcome = body.ok ? apply(one, body.value) : body;
      if (!outcome.ok) failures.push(outcome);
    }

    function apply({ target }: Planned, body: JsonObject): Outcome<unknown> {
      if (same(target.type, 'Microsoft.Resources/deployments')) return nested(target, body, around);
      const clash = overlap(target, identities);
      return clash ?? write(target, body, estate);
    }
  }
  return failures;
}

function bodyOf({ raw }: Planned, around: Surroundings): Outcome<JsonObject> {
  const { condition: _c, dependsOn: _d, resources: _r, scope: _s, ...body } = raw;
  const isNested = same(stringOf(raw.type), 'Microsoft.Resources/deployments');
  return attempt(() => {
    if (!isNested || !isObject(body.properties)) return evaluate(body, around) as JsonObject;
    const { template = null, ...rest } = body.properties;
    const evaluated = evaluate({ ...body, properties: rest }, around) as JsonObject;
    return { ...evaluated, properties: { ...(evaluated.properties as JsonObject), template } };
  });
}

/** Azure refuses a second federated credential for the same identity while one is being written (clouds.md 2.1). */
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

/** Runs what may meet a fault of the template, and gives the fault in ARM's words. */
export function attempt<T>(evaluateIt: () => T): Outcome<T> {
  try {
    return made(evaluateIt());
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    if (error.code === 'not_found') return refuse(404, 'ResourceNotFound', error.message);
    return refuse(400, 'InvalidTemplate', `Deployment template validation failed: '${error.message}'.`);
  }
}
