/** The door of Azure Resource Manager: who calls, what the path names, and which operation that is. */
import type { SandboxAnswer, SandboxRequest } from '../contract.ts';
import type { AccessTokens } from './access-token.ts';
import { empty, json, made, type Outcome, refusal, refuse } from './answers.ts';
import { authorise, type Caller, callerOf } from './caller.ts';
import { deploy, deploymentType } from './deployments/deploy.ts';
import type { Resource } from './directory.ts';
import type { Estate } from './kinds/kind.ts';
import { parseResourceId, type ResourceId, same } from './resource-id.ts';
import { list, read, write } from './resources.ts';
import type { Action } from './roles.ts';
import { resourceGroups, subscription, subscriptions } from './subscriptions.ts';
import { isObject, type Json, type JsonObject } from './template/json.ts';

export function arm(request: SandboxRequest, estate: Estate, tokens: AccessTokens): SandboxAnswer {
  const caller = callerOf(request.headers.authorization, tokens, estate.now());
  if (!caller.ok) return refusal(caller);
  if (!request.query.get('api-version'))
    return refusal(
      refuse(
        400,
        'MissingApiVersionParameter',
        'The api-version query parameter (?api-version=) is required for all requests.',
      ),
    );
  const path = decodeURIComponent(request.path);
  if (/^\/subscriptions\/?$/i.test(path)) return json(200, subscriptions(caller.value, estate));
  const target = parseResourceId(path);
  if (!target) return refusal(refuse(404, 'NotFound', `The path '${path}' is not known to the sandbox.`));
  if (caller.value.kind === 'administrator') {
    const claimed = estate.directory.claim(target.subscription, caller.value.tenant);
    if (!claimed.ok) return refusal(claimed);
  }
  return operate(request, target, caller.value, estate);
}

function operate(request: SandboxRequest, target: ResourceId, caller: Caller, estate: Estate): SandboxAnswer {
  const { method } = request;
  if (
    method === 'GET' &&
    same(target.type, 'Microsoft.Resources/resourceGroups') &&
    target.names.length === 0
  )
    return answer(resourceGroups(target, caller, estate), (value) => json(200, value));

  const verb = method === 'GET' ? 'read' : method === 'DELETE' ? 'delete' : 'write';
  const grant = /^Microsoft\.Authorization\//i.test(target.type);
  const action: Action = verb === 'read' ? 'read' : grant ? 'grant' : 'write';
  const denied = authorise(
    caller,
    action,
    `${operationType(target.type)}/${verb}`,
    target.id,
    target.subscription,
    estate,
  );
  if (denied) return refusal(denied);
  if (same(target.type, 'Microsoft.Resources/subscriptions') && method === 'GET')
    return json(200, subscription(target.subscription, estate));

  const isCollection = target.names.length < target.type.split('/').length - 1;
  if (isCollection && method === 'GET')
    return answer(list(target, estate), (value) => json(200, { value: value.map(shown) }));
  if (isCollection || !['GET', 'PUT', 'DELETE'].includes(method))
    return refusal(
      refuse(405, 'MethodNotAllowed', `The sandbox does not serve ${method} at '${target.id}'.`),
    );
  if (method === 'PUT') return put(request, target, estate);
  return method === 'GET' ? get(target, estate) : remove(target, estate);
}

function put(request: SandboxRequest, target: ResourceId, estate: Estate): SandboxAnswer {
  const body = parse(request.body);
  if (!body)
    return refusal(
      refuse(
        400,
        'InvalidRequestContent',
        'The request content was invalid and could not be deserialized: the body is not a JSON object.',
      ),
    );
  const status = estate.directory.get(target.id) ? 200 : 201;
  const outcome = same(target.type, deploymentType)
    ? deploy(target, body, estate)
    : write(target, body, estate);
  return answer(outcome, (value) => json(status, shown(value)));
}

function get(target: ResourceId, estate: Estate): SandboxAnswer {
  if (!same(target.type, deploymentType))
    return answer(read(target, estate), (value) => json(200, shown(value)));
  const kept = estate.directory.get(target.id);
  const found: Outcome<Resource> = kept
    ? made(kept)
    : refuse(404, 'DeploymentNotFound', `Deployment '${target.names[0]}' could not be found.`);
  return answer(found, (value) => json(200, shown(value)));
}

function remove(target: ResourceId, estate: Estate): SandboxAnswer {
  const found = estate.directory.get(target.id);
  if (!found) return empty(204);
  estate.directory.remove(target.id);
  return same(target.type, 'Microsoft.Authorization/roleAssignments') ? json(200, shown(found)) : empty(200);
}

const answer = <T>(outcome: Outcome<T>, show: (value: T) => SandboxAnswer): SandboxAnswer =>
  outcome.ok ? show(outcome.value) : refusal(outcome);

const shown = ({ changedAt: _changedAt, ...resource }: Resource) => resource;

/** ARM names the actions on its own containers below `subscriptions`. */
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
