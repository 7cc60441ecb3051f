/** iam.googleapis.com v1, workloadIdentityPools and their providers. */
import { randomUUID } from 'node:crypto';
import type { SandboxRequest, SandboxResponse } from '../contract.ts';
import { administered } from './admin.ts';
import type { CloudState } from './cloud-state.ts';
import { type Collection, type Entity, entityJson, type StoredEntity } from './collection.ts';
import { providerRefusal } from './guardrails.ts';
import { type Input, isRecord, parseInput } from './input.ts';
import { poolFields, readPool } from './pool.ts';
import { providerFields, readProvider } from './provider.ts';
import { answer, invalid, json, notFound, type Outcome, ok, refusal } from './responses.ts';

interface Api<T extends Entity> {
  readonly collection: Collection<T>;
  readonly read: (name: string, input: Input) => Outcome<T>;
  readonly fields: readonly string[];
  /** The query parameter with the new id, and the name of the list in responses. */
  readonly idParameter: string;
  readonly plural: string;
}

const path =
  /^\/v1\/projects\/([^/]+)\/locations\/global\/workloadIdentityPools(?:\/([^/:]+)(?:\/(providers)(?:\/([^/:]+))?)?)?(:undelete)?$/;

/** Undefined if the path does not match. */
export function poolsApi(request: SandboxRequest, state: CloudState): SandboxResponse | undefined {
  const [, projectName, pool, providers, provider, undelete] = path.exec(request.path) ?? [];
  if (projectName === undefined) return undefined;
  const kind = providers ? 'workloadIdentityPoolProviders' : 'workloadIdentityPools';
  const permission = `iam.${kind}.${verbOf(request.method, undelete)}`;
  const project = administered(
    request,
    state,
    projectName,
    `projects/${projectName}/locations/global`,
    permission,
  );
  if (!project.ok) return refusal(project);
  // Responses and tokens contain the project number, even if the caller used the id.
  const pools = `projects/${project.value.number}/locations/global/workloadIdentityPools`;
  if (!providers) {
    const api = {
      collection: state.pools,
      read: readPool,
      fields: poolFields,
      idParameter: 'workloadIdentityPoolId',
      plural: 'workloadIdentityPools',
    };
    return pool
      ? handleEntity(request, `${pools}/${pool}`, undelete, api)
      : handleCollection(request, pools, api);
  }
  const owner = state.pools.get(`${pools}/${pool}`);
  if (!owner || owner.deletedAt !== undefined) return refusal(notFound());
  const parent = `${pools}/${pool}/providers`;
  const api = {
    collection: state.providers,
    read: (name: string, input: Input) => {
      const read = readProvider(name, input);
      return (read.ok && providerRefusal(state, `${pools}/${pool}`, read.value.oidc.issuerUri)) || read;
    },
    fields: providerFields,
    idParameter: 'workloadIdentityPoolProviderId',
    plural: 'workloadIdentityPoolProviders',
  };
  return provider
    ? handleEntity(request, `${parent}/${provider}`, undelete, api)
    : handleCollection(request, parent, api);
}

function verbOf(method: string, undelete: string | undefined): string {
  if (undelete) return 'undelete';
  return { GET: 'get', POST: 'create', PATCH: 'update', DELETE: 'delete' }[method] ?? 'get';
}

function handleCollection<T extends Entity>(
  request: SandboxRequest,
  parent: string,
  api: Api<T>,
): SandboxResponse {
  if (request.method === 'GET') {
    const items = api.collection.list(parent, request.query.get('showDeleted') === 'true').map(entityJson);
    return json(200, items.length > 0 ? { [api.plural]: items } : {});
  }
  const input = parseInput(request.body);
  if (request.method !== 'POST' || !input) return refusal(invalid('Invalid JSON payload received.'));
  const entity = api.read(`${parent}/${request.query.get(api.idParameter) ?? ''}`, input);
  return operation(entity.ok ? api.collection.create(entity.value) : entity);
}

function handleEntity<T extends Entity>(
  request: SandboxRequest,
  name: string,
  undelete: string | undefined,
  api: Api<T>,
): SandboxResponse {
  const { collection } = api;
  const stored = collection.get(name);
  if (undelete) return operation(collection.undelete(name));
  if (request.method === 'GET') return answer(stored ? ok(entityJson(stored)) : notFound());
  if (request.method === 'DELETE') return operation(collection.remove(name));
  const input = parseInput(request.body);
  if (request.method !== 'PATCH' || !input) return refusal(invalid('Invalid JSON payload received.'));
  return operation(
    collection.change(name, (entity) => patched(entity, input, request.query.get('updateMask'), api)),
  );
}

/** Takes the fields of the mask from the input, clears absent ones, and then checks everything as at creation. */
function patched<T extends Entity>(entity: T, input: Input, mask: string | null, api: Api<T>): Outcome<T> {
  if (!mask) return invalid('update_mask is required.');
  const next: Record<string, unknown> = Object.fromEntries(Object.entries(entity));
  for (const field of mask.split(',').map(camel)) {
    const [top = '', below] = field.split('.');
    if (!api.fields.includes(top)) return invalid(`Invalid field in update_mask: '${field}'.`);
    next[top] =
      below === undefined ? input[top] : { ...record(next[top]), [below]: record(input[top])[below] };
  }
  return api.read(entity.name, next);
}

const camel = (field: string) => field.trim().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const record = (value: unknown): Input => (isRecord(value) ? value : {});

/** The sandbox completes every operation before it answers, so it returns `done`. */
function operation<T extends Entity>(outcome: Outcome<StoredEntity<T>>): SandboxResponse {
  if (!outcome.ok) return refusal(outcome);
  const type = outcome.value.entity.name.includes('/providers/')
    ? 'WorkloadIdentityPoolProvider'
    : 'WorkloadIdentityPool';
  return json(200, {
    name: `${outcome.value.entity.name}/operations/${randomUUID()}`,
    done: true,
    response: { '@type': `type.googleapis.com/google.iam.v1.${type}`, ...entityJson(outcome.value) },
  });
}
