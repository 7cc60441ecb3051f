/** iam.googleapis.com v1, workloadIdentityPools and their providers. */
import { randomUUID } from 'node:crypto';
import type { SandboxAnswer, SandboxRequest } from '../contract.ts';
import { administered } from './admin.ts';
import { answer, invalid, json, made, notFound, type Outcome, refusal } from './answers.ts';
import { type Collection, type Entity, type Kept, shown } from './collection.ts';
import type { Estate } from './estate.ts';
import { type Input, isRecord, parseInput } from './input.ts';
import { poolFields, readPool } from './pool.ts';
import { providerFields, readProvider } from './provider.ts';

interface Api<T extends Entity> {
  readonly collection: Collection<T>;
  readonly read: (name: string, input: Input) => Outcome<T>;
  readonly fields: readonly string[];
  /** The query parameter with the id of a new one, and the name of the list in answers. */
  readonly idParameter: string;
  readonly plural: string;
}

const path =
  /^\/v1\/projects\/([^/]+)\/locations\/global\/workloadIdentityPools(?:\/([^/:]+)(?:\/(providers)(?:\/([^/:]+))?)?)?(:undelete)?$/;

/** Undefined when the path is none of these. */
export function poolsApi(request: SandboxRequest, estate: Estate): SandboxAnswer | undefined {
  const [, projectName, pool, providers, provider, undelete] = path.exec(request.path) ?? [];
  if (projectName === undefined) return undefined;
  const kind = providers ? 'workloadIdentityPoolProviders' : 'workloadIdentityPools';
  const permission = `iam.${kind}.${verbOf(request.method, undelete)}`;
  const project = administered(
    request,
    estate,
    projectName,
    `projects/${projectName}/locations/global`,
    permission,
  );
  if (!project.ok) return refusal(project);
  // Whatever name the caller used, answers and tokens know the project by its number.
  const pools = `projects/${project.value.number}/locations/global/workloadIdentityPools`;
  if (!providers) {
    const api = {
      collection: estate.pools,
      read: readPool,
      fields: poolFields,
      idParameter: 'workloadIdentityPoolId',
      plural: 'workloadIdentityPools',
    };
    return pool ? one(request, `${pools}/${pool}`, undelete, api) : many(request, pools, api);
  }
  const owner = estate.pools.get(`${pools}/${pool}`);
  if (!owner || owner.deletedAt !== undefined) return refusal(notFound());
  const parent = `${pools}/${pool}/providers`;
  const api = {
    collection: estate.providers,
    read: readProvider,
    fields: providerFields,
    idParameter: 'workloadIdentityPoolProviderId',
    plural: 'workloadIdentityPoolProviders',
  };
  return provider ? one(request, `${parent}/${provider}`, undelete, api) : many(request, parent, api);
}

function verbOf(method: string, undelete: string | undefined): string {
  if (undelete) return 'undelete';
  return { GET: 'get', POST: 'create', PATCH: 'update', DELETE: 'delete' }[method] ?? 'get';
}

function many<T extends Entity>(request: SandboxRequest, parent: string, api: Api<T>): SandboxAnswer {
  if (request.method === 'GET') {
    const items = api.collection.list(parent, request.query.get('showDeleted') === 'true').map(shown);
    return json(200, items.length > 0 ? { [api.plural]: items } : {});
  }
  const input = parseInput(request.body);
  if (request.method !== 'POST' || !input) return refusal(invalid('Invalid JSON payload received.'));
  const made = api.read(`${parent}/${request.query.get(api.idParameter) ?? ''}`, input);
  return operation(made.ok ? api.collection.create(made.value) : made);
}

function one<T extends Entity>(
  request: SandboxRequest,
  name: string,
  undelete: string | undefined,
  api: Api<T>,
): SandboxAnswer {
  const { collection } = api;
  const kept = collection.get(name);
  if (undelete) return operation(collection.undelete(name));
  if (request.method === 'GET') return answer(kept ? made(shown(kept)) : notFound());
  if (request.method === 'DELETE') return operation(collection.remove(name));
  const input = parseInput(request.body);
  if (request.method !== 'PATCH' || !input) return refusal(invalid('Invalid JSON payload received.'));
  return operation(
    collection.change(name, (entity) => patched(entity, input, request.query.get('updateMask'), api)),
  );
}

/** The fields of the mask are taken from the input, absent ones cleared; then everything is checked as at creation. */
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

/** The sandbox finishes before it answers, so every operation is born done. */
function operation<T extends Entity>(outcome: Outcome<Kept<T>>): SandboxAnswer {
  if (!outcome.ok) return refusal(outcome);
  const type = outcome.value.entity.name.includes('/providers/')
    ? 'WorkloadIdentityPoolProvider'
    : 'WorkloadIdentityPool';
  return json(200, {
    name: `${outcome.value.entity.name}/operations/${randomUUID()}`,
    done: true,
    response: { '@type': `type.googleapis.com/google.iam.v1.${type}`, ...shown(outcome.value) },
  });
}
