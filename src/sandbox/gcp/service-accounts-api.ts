/** iam.googleapis.com v1, serviceAccounts: the accounts and who may act as them. */
import { randomInt } from 'node:crypto';
import type { SandboxAnswer, SandboxRequest } from '../contract.ts';
import { administered } from './admin.ts';
import { answer, invalid, json, made, notFound, type Outcome, refusal, refuse } from './answers.ts';
import { accountResource, type Estate, type ServiceAccount } from './estate.ts';
import { isRecord, parseInput, textOf } from './input.ts';
import type { Project } from './projects.ts';

const path = /^\/v1\/projects\/([^/]+)\/serviceAccounts(?:\/([^/:]+))?(?::(getIamPolicy|setIamPolicy))?$/;

/** Undefined when the path is none of these. */
export function serviceAccountsApi(request: SandboxRequest, estate: Estate): SandboxAnswer | undefined {
  const [, projectName, email, action] = path.exec(request.path) ?? [];
  if (projectName === undefined) return undefined;
  const verb = action ?? { GET: 'get', POST: 'create', DELETE: 'delete' }[request.method] ?? 'get';
  const resource = `projects/${projectName}${email ? `/serviceAccounts/${email}` : ''}`;
  const project = administered(request, estate, projectName, resource, `iam.serviceAccounts.${verb}`);
  if (!project.ok) return refusal(project);
  return email === undefined
    ? many(request, project.value, estate)
    : one(request, email, action, project.value, estate);
}

function many(request: SandboxRequest, project: Project, estate: Estate): SandboxAnswer {
  const accounts = [...estate.serviceAccounts.values()].filter((account) => account.project === project.id);
  if (request.method === 'GET')
    return json(200, accounts.length > 0 ? { accounts: accounts.map(shown) } : {});
  return answer(create(request, project, estate));
}

function create(request: SandboxRequest, project: Project, { serviceAccounts }: Estate): Outcome<unknown> {
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
  };
  serviceAccounts.set(email, account);
  return made(shown(account));
}

function one(
  request: SandboxRequest,
  email: string,
  action: string | undefined,
  project: Project,
  estate: Estate,
): SandboxAnswer {
  const account = estate.serviceAccounts.get(email);
  if (account?.project !== project.id) {
    const resource = `projects/${project.id}/serviceAccounts/${email}`;
    return refusal({ ...notFound(), message: `Unknown service account: ${resource}` });
  }
  const { policies, world } = estate;
  const input = parseInput(request.body);
  if (action === 'getIamPolicy') return json(200, policies.shown(accountResource(email)));
  if (action === 'setIamPolicy')
    return answer(policies.set(accountResource(email), input?.policy, world.now()));
  if (request.method === 'DELETE') {
    estate.serviceAccounts.delete(email);
    return json(200, {});
  }
  return json(200, shown(account));
}

const shown = ({ email, uniqueId, project, displayName, description }: ServiceAccount) => ({
  name: `projects/${project}/serviceAccounts/${email}`,
  projectId: project,
  uniqueId,
  email,
  ...(displayName ? { displayName } : {}),
  ...(description ? { description } : {}),
  oauth2ClientId: uniqueId,
});
