/** Azure Resource Manager: authenticates the request, parses the path and selects the operation. */
import type { SandboxRequest, SandboxResponse } from '../contract.ts';
import type { AccessTokens } from './access-token.ts';
import { deploy, deploymentType } from './deployments/deploy.ts';
import type { Resource } from './directory.ts';
import { authenticate, authorize, type Principal } from './principal.ts';
import { parseResourceId, type ResourceId, same } from './resource-id.ts';
import type { CloudState } from './resource-types/resource-type.ts';
import { list, read, write } from './resources.ts';
import { empty, json, type Outcome, ok, refusal, refuse } from './responses.ts';
import type { Action } from './roles.ts';
import { resourceGroups, subscription, subscriptions } from './subscriptions.ts';
import { isObject, type Json, type JsonObject } from './template/json.ts';

export function arm(request: SandboxRequest, state: CloudState, tokens: AccessTokens): SandboxResponse {
  const principal = authenticate(request.headers.authorization, tokens, state.now());
  if (!principal.ok) return refusal(principal);
  if (!request.query.get('api-version'))
    return refusal(
      refuse(
        400,
        'MissingApiVersionParameter',
        'The api-version query parameter (?api-version=) is required for all requests.',
      ),
    );
  const path = decodeURIComponent(request.path);
  if (/^\/subscriptions\/?$/i.test(path)) return json(200, subscriptions(principal.value, state));
  const target = parseResourceId(path);
  if (!target) return refusal(refuse(404, 'NotFound', `The path '${path}' is not known to the sandbox.`));
  if (principal.value.kind === 'administrator') {
    const claim = state.directory.claim(target.subscription, principal.value.tenant);
    if (!claim.ok) return refusal(claim);
  }
  return operate(request, target, principal.value, state);
}

function operate(
  request: SandboxRequest,
  target: ResourceId,
  principal: Principal,
  state: CloudState,
): SandboxResponse {
  const { method } = request;
  if (
    method === 'GET' &&
    same(target.type, 'Microsoft.Resources/resourceGroups') &&
    target.names.length === 0
  )
    return answer(resourceGroups(target, principal, state), (value) => json(200, value));

  const verb = method === 'GET' ? 'read' : method === 'DELETE' ? 'delete' : 'write';
  const grant = /^Microsoft\.Authorization\//i.test(target.type);
  const action: Action = verb === 'read' ? 'read' : grant ? 'grant' : 'write';
  const denied = authorize(
    principal,
    action,
    `${operationType(target.type)}/${verb}`,
    target.id,
    target.subscription,
    state,
  );
  if (denied) return refusal(denied);
  if (same(target.type, 'Microsoft.Resources/subscriptions') && method === 'GET')
    return json(200, subscription(target.subscription, state));

  const isCollection = target.names.length < target.type.split('/').length - 1;
  if (isCollection && method === 'GET')
    return answer(list(target, state), (value) => json(200, { value: value.map(resourceJson) }));
  if (isCollection || !['GET', 'PUT', 'DELETE'].includes(method))
    return refusal(
      refuse(405, 'MethodNotAllowed', `The sandbox does not serve ${method} at '${target.id}'.`),
    );
  if (method === 'PUT') return put(request, target, state);
  return method === 'GET' ? get(target, state) : remove(target, state);
}

function put(request: SandboxRequest, target: ResourceId, state: CloudState): SandboxResponse {
  const body = parse(request.body);
  if (!body)
    return refusal(
      refuse(
        400,
        'InvalidRequestContent',
        'The request content was invalid and could not be deserialized: the body is not a JSON object.',
      ),
    );
  const status = state.directory.get(target.id) ? 200 : 201;
  const outcome = same(target.type, deploymentType)
    ? deploy(target, body, state)
    : write(target, { ...body, apiVersion: request.query.get('api-version') ?? '' }, state);
  return answer(outcome, (value) => json(status, resourceJson(value)));
}

function get(target: ResourceId, state: CloudState): SandboxResponse {
  if (!same(target.type, deploymentType))
    return answer(read(target, state), (value) => json(200, resourceJson(value)));
  const stored = state.directory.get(target.id);
  const result: Outcome<Resource> = stored
    ? ok(stored)
    : refuse(404, 'DeploymentNotFound', `Deployment '${target.names[0]}' could not be found.`);
  return answer(result, (value) => json(200, resourceJson(value)));
}

function remove(target: ResourceId, state: CloudState): SandboxResponse {
  const result = state.directory.get(target.id);
  if (!result) return empty(204);
  state.directory.remove(target.id);
  return same(target.type, 'Microsoft.Authorization/roleAssignments')
    ? json(200, resourceJson(result))
    : empty(200);
}

const answer = <T>(outcome: Outcome<T>, show: (value: T) => SandboxResponse): SandboxResponse =>
  outcome.ok ? show(outcome.value) : refusal(outcome);

const resourceJson = ({ changedAt: _changedAt, ...resource }: Resource) => resource;

/** ARM names the actions on subscriptions and resource groups with the prefix `subscriptions`. */
const operationType = (type: string): string =>
  same(type, 'Microsoft.Resources/resourceGroups')
    ? 'Microsoft.Resources/subscriptions/resourcegroups'
    : type;

function parse(body: Buffer): JsonObject | undefined {
  try {
    const value = JSON.parse(body.toString()) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
