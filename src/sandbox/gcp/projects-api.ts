/**
 * cloudresourcemanager.googleapis.com: the policy of a project (v1 and v3), and the GET that honours an access token:
 * `GET /v3/projects/ID-OR-NUMBER` for whoever holds a role with resourcemanager.projects.get.
 */
import { toTimestamp } from '../../platform/time/index.ts';
import type { SandboxAnswer, SandboxRequest } from '../contract.ts';
import { administered } from './admin.ts';
import { answer, denied, json, refusal, refuse } from './answers.ts';
import { type Estate, projectResource, settledBefore } from './estate.ts';
import { parseInput } from './input.ts';
import { principalOf } from './principal.ts';
import type { Project } from './projects.ts';

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

/** Undefined when the path is none of these. */
export function projectsApi(request: SandboxRequest, estate: Estate): SandboxAnswer | undefined {
  const [, version, name, action] = path.exec(request.path) ?? [];
  if (name === undefined) return undefined;
  if (action === undefined) return get(request, name, version === 'v1', estate);
  const project = administered(
    request,
    estate,
    name,
    `projects/${name}`,
    `resourcemanager.projects.${action}`,
  );
  if (!project.ok) return refusal(project);
  const resource = projectResource(project.value.id);
  if (action === 'getIamPolicy') return json(200, estate.policies.shown(resource));
  return answer(estate.policies.set(resource, parseInput(request.body)?.policy, estate.world.now()));
}

function get(request: SandboxRequest, name: string, old: boolean, estate: Estate): SandboxAnswer {
  const permission = 'resourcemanager.projects.get';
  const { authorization } = request.headers;
  if (/^Bearer sandbox:/i.test(authorization ?? '')) {
    const own = administered(request, estate, name, `projects/${name}`, permission);
    return own.ok ? json(200, shown(own.value, old)) : refusal(own);
  }
  const principal = principalOf(authorization, estate);
  if (!principal.ok) return refusal(principal);
  const { members, token } = principal.value;
  if (!token.scopes.some((scope) => scopes.includes(scope)))
    return refusal(refuse('PERMISSION_DENIED', 'Request had insufficient authentication scopes.'));
  const project = estate.projects.find(name);
  if (project && estate.policies.holds(projectResource(project.id), members, viewing, settledBefore(estate)))
    return json(200, shown(project, old));
  return refusal(denied(permission, 'The caller does not have permission'));
}

function shown({ id, number, createdAt }: Project, old: boolean) {
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
