/**
 * cloudresourcemanager.googleapis.com: the policy of a project (v1 and v3), and a GET that accepts an access token:
 * `GET /v3/projects/ID-OR-NUMBER`, for roles with resourcemanager.projects.get.
 */
import { toTimestamp } from '../../platform/time/index.ts';
import type { SandboxRequest, SandboxResponse } from '../contract.ts';
import { administered } from './admin.ts';
import { type CloudState, projectResource, settledBefore } from './cloud-state.ts';
import { parseInput } from './input.ts';
import { principalOf } from './principal.ts';
import type { Project } from './projects.ts';
import { answer, denied, json, refusal, refuse } from './responses.ts';

const path = /^\/(v1|v3)\/projects\/([^/:]+)(?::(getIamPolicy|setIamPolicy))?$/;

const viewing = [
  'roles/browser',
  'roles/viewer',
  'roles/editor',
  'roles/owner',
  'roles/iam.securityReviewer',
];
const scopes = [
  'https://www.googleapis.com/auth/cloud-platform',
  'https://www.googleapis.com/auth/cloud-platform.read-only',
];

/** Undefined if the path does not match. */
export function projectsApi(request: SandboxRequest, state: CloudState): SandboxResponse | undefined {
  const [, version, name, action] = path.exec(request.path) ?? [];
  if (name === undefined) return undefined;
  if (action === undefined) return get(request, name, version === 'v1', state);
  const project = administered(
    request,
    state,
    name,
    `projects/${name}`,
    `resourcemanager.projects.${action}`,
  );
  if (!project.ok) return refusal(project);
  const resource = projectResource(project.value.id);
  if (action === 'getIamPolicy') return json(200, state.policies.current(resource));
  return answer(state.policies.set(resource, parseInput(request.body)?.policy, state.runtime.now()));
}

function get(request: SandboxRequest, name: string, old: boolean, state: CloudState): SandboxResponse {
  const permission = 'resourcemanager.projects.get';
  const { authorization } = request.headers;
  if (/^Bearer sandbox:/i.test(authorization ?? '')) {
    const own = administered(request, state, name, `projects/${name}`, permission);
    return own.ok ? json(200, projectJson(own.value, old)) : refusal(own);
  }
  const principal = principalOf(authorization, state);
  if (!principal.ok) return refusal(principal);
  const { members, token } = principal.value;
  if (!token.scopes.some((scope) => scopes.includes(scope)))
    return refusal(refuse('PERMISSION_DENIED', 'Request had insufficient authentication scopes.'));
  const project = state.projects.find(name);
  if (project && state.policies.holds(projectResource(project.id), members, viewing, settledBefore(state)))
    return json(200, projectJson(project, old));
  return refusal(denied(permission, 'The caller does not have permission'));
}

function projectJson({ id, number, createdAt }: Project, old: boolean) {
  const createTime = toTimestamp(createdAt);
  if (old) return { projectNumber: number, projectId: id, lifecycleState: 'ACTIVE', name: id, createTime };
  return {
    name: `projects/${number}`,
    projectId: id,
    state: 'ACTIVE',
    displayName: id,
    createTime,
    updateTime: createTime,
  };
}
