/** iam.googleapis.com v1, serviceAccounts: the accounts, and who may impersonate them. */
import { randomInt } from 'node:crypto';
import type { SandboxRequest, SandboxResponse } from '../contract.ts';
import { administered } from './admin.ts';
import { accountResource, type CloudState, type ServiceAccount } from './cloud-state.ts';
import { isRecord, parseInput, textOf } from './input.ts';
import type { Project } from './projects.ts';
import { answer, invalid, json, notFound, type Outcome, ok, refusal, refuse } from './responses.ts';

const path =
  /^\/v1\/projects\/([^/]+)\/serviceAccounts(?:\/([^/:]+))?(?::(getIamPolicy|setIamPolicy|disable|enable))?$/;

/** Undefined if the path does not match. */
export function serviceAccountsApi(request: SandboxRequest, state: CloudState): SandboxResponse | undefined {
  const [, projectName, email, action] = path.exec(request.path) ?? [];
  if (projectName === undefined) return undefined;
  const verb = action ?? { GET: 'get', POST: 'create', DELETE: 'delete' }[request.method] ?? 'get';
  const resource = `projects/${projectName}${email ? `/serviceAccounts/${email}` : ''}`;
  const project = administered(request, state, projectName, resource, `iam.serviceAccounts.${verb}`);
  if (!project.ok) return refusal(project);
  return email === undefined
    ? handleCollection(request, project.value, state)
    : handleAccount(request, email, action, project.value, state);
}

function handleCollection(request: SandboxRequest, project: Project, state: CloudState): SandboxResponse {
  const accounts = [...state.serviceAccounts.values()].filter((account) => account.project === project.id);
  if (request.method === 'GET')
    return json(200, accounts.length > 0 ? { accounts: accounts.map(accountJson) } : {});
  return answer(create(request, project, state));
}

function create(
  request: SandboxRequest,
  project: Project,
  { serviceAccounts }: CloudState,
): Outcome<unknown> {
  const input = parseInput(request.body);
  const accountId = textOf(input?.accountId);
  if (!/^[a-z]([-a-z0-9]{4,28}[a-z0-9])$/.test(accountId))
    return invalid(
      'The account ID must be 6-30 characters, start with a letter and have lower-case letters, digits and hyphens only.',
    );
  const email = `${accountId}@${project.id}.iam.gserviceaccount.com`;
  if (serviceAccounts.has(email))
    return refuse(
      'ALREADY_EXISTS',
      `Service account ${accountId} already exists within project projects/${project.id}.`,
    );
  const labels = isRecord(input?.serviceAccount) ? input.serviceAccount : {};
  const account: ServiceAccount = {
    email,
    uniqueId: `1${Array.from({ length: 20 }, () => randomInt(10)).join('')}`,
    project: project.id,
    displayName: textOf(labels.displayName),
    description: textOf(labels.description),
    disabled: false,
  };
  serviceAccounts.set(email, account);
  return ok(accountJson(account));
}

function handleAccount(
  request: SandboxRequest,
  email: string,
  action: string | undefined,
  project: Project,
  state: CloudState,
): SandboxResponse {
  const account = state.serviceAccounts.get(email);
  if (account?.project !== project.id) {
    const resource = `projects/${project.id}/serviceAccounts/${email}`;
    return refusal({ ...notFound(), message: `Unknown service account: ${resource}` });
  }
  const { policies, runtime } = state;
  const input = parseInput(request.body);
  if (action === 'getIamPolicy') return json(200, policies.current(accountResource(email)));
  if (action === 'setIamPolicy')
    return answer(policies.set(accountResource(email), input?.policy, runtime.now()));
  if (action === 'disable' || action === 'enable') {
    account.disabled = action === 'disable';
    return json(200, {});
  }
  if (request.method === 'DELETE') {
    state.serviceAccounts.delete(email);
    return json(200, {});
  }
  return json(200, accountJson(account));
}

const accountJson = ({ email, uniqueId, project, displayName, description, disabled }: ServiceAccount) => ({
  name: `projects/${project}/serviceAccounts/${email}`,
  projectId: project,
  uniqueId,
  email,
  ...(displayName ? { displayName } : {}),
  ...(description ? { description } : {}),
  oauth2ClientId: uniqueId,
  ...(disabled ? { disabled } : {}),
});
