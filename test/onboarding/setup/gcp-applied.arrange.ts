/** What an administrator of a Google Cloud project does with the files, against the sandbox. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { json } from '../../../src/sandbox/demo/http.ts';
import { inTemporaryDirectory } from './arrange.ts';
import { type Ran, runProgram } from './aws.arrange.ts';
import { readTerraform, reportOf } from './terraform.arrange.ts';

export const project = { id: 'acme-prod', number: '123456789012' };
const authorization = `Bearer sandbox:${project.id}:${project.number}`;

export const googleAt =
  (gcp: string) =>
  <T>(method: string, path: string, body?: object): Promise<T> =>
    json<T>({ method, url: gcp + path, headers: { authorization }, ...(body ? { body } : {}) });

type Google = ReturnType<typeof googleAt>;

interface Policy {
  readonly bindings?: readonly { readonly role: string; readonly members: readonly string[] }[];
}

export const projectPolicy = async (google: Google): Promise<Policy['bindings']> =>
  (await google<Policy>('POST', `/v3/projects/${project.number}:getIamPolicy`, {})).bindings;

async function bind(google: Google, resource: string, role: string, member: string): Promise<void> {
  const policy = await google<Policy>('POST', `${resource}:getIamPolicy`, {});
  const bindings = [...(policy.bindings ?? []), { role, members: [member] }];
  await google('POST', `${resource}:setIamPolicy`, { policy: { ...policy, bindings } });
}

interface ExistingRequest {
  readonly url: string;
  readonly query: Record<string, string>;
  readonly body: object;
  readonly existing: Readonly<
    Record<'read' | 'undelete' | 'update', { url: string; query?: Record<string, string> } | undefined>
  >;
}

/** Sends the calls of requests.json; where something exists already, those of its `existing`. */
export async function applyOverExisting(gcp: string, source: string): Promise<void> {
  const google = googleAt(gcp);
  const send = <T>(method: string, call: { url: string; query?: Record<string, string> }, body?: object) =>
    google<T>(
      method,
      `${call.url.replace('https://iam.googleapis.com', '')}?${new URLSearchParams(call.query ?? {})}`,
      body,
    );
  for (const { url, query, body, existing } of JSON.parse(source) as ExistingRequest[]) {
    const { read = { url }, undelete = { url }, update } = existing;
    const found = await send<{ state?: string }>('GET', read).catch(() => undefined);
    if (found?.state === undefined) await send('POST', { url, query }, body);
    if (found?.state === 'DELETED') await send('POST', undelete);
    if (found?.state !== undefined && update) await send('PATCH', update, body);
  }
}

/** What the google provider makes of the resources of the file. */
export async function applyTerraform(google: Google, source: string): Promise<Ran | undefined> {
  const { resource, value, labels } = await readTerraform(source);
  const read = (type: string, label: string) => value(resource(type, label)) as Record<string, string>;
  const pool = 'google_iam_workload_identity_pool';
  for (const label of labels(pool)) {
    const body = read(pool, label);
    if (Number(body.count) === 0) continue;
    await google('POST', `${poolsOf(body)}?workloadIdentityPoolId=${body.workload_identity_pool_id}`, {
      displayName: body.display_name,
      description: body.description,
    });
  }
  for (const label of labels(`${pool}_provider`)) {
    const { oidc, ...body } = resource(`${pool}_provider`, label) as {
      oidc: readonly Record<string, string>[];
    };
    const { depends_on: _, ...provider } = body as Record<string, string>;
    const path = `${poolsOf(provider)}/${provider.workload_identity_pool_id}/providers`;
    const { issuer_uri, allowed_audiences } = value(oidc[0]) as Record<string, string>;
    await google(
      'POST',
      `${path}?workloadIdentityPoolProviderId=${provider.workload_identity_pool_provider_id}`,
      {
        displayName: value(provider.display_name),
        description: value(provider.description),
        attributeMapping: provider.attribute_mapping,
        attributeCondition: value(provider.attribute_condition),
        oidc: { issuerUri: issuer_uri, allowedAudiences: allowed_audiences },
      },
    );
  }
  for (const label of labels('google_service_account_iam_member')) {
    const { service_account_id, role, member } = resource('google_service_account_iam_member', label);
    await bind(
      google,
      `/v1/${String(service_account_id).replace('projects/-', `projects/${project.id}`)}`,
      String(role),
      String(member),
    );
  }
  for (const label of labels('google_project_iam_member')) {
    const { project: number, role, member } = resource('google_project_iam_member', label);
    await bind(google, `/v3/projects/${String(number)}`, String(role), String(member));
  }
  return labels('terraform_data').length > 0 ? reportOf(source, {}) : undefined;
}

const poolsOf = (body: Record<string, string>): string =>
  `/v1/projects/${body.project}/locations/global/workloadIdentityPools`;

/** Translates the calls of the script to those of the IAM API. */
const gcloud = `
const argv = process.argv.slice(2);
const options = Object.fromEntries(argv.filter((word) => word.startsWith('--')).map((word) => {
  const at = word.indexOf('=');
  return [word.slice(2, at), word.slice(at + 1)];
}));
const words = argv.filter((word) => !word.startsWith('--'));
const resource = words.at(-1);
async function call(method, path, body) {
  const answer = await fetch(process.env.GCP + path, {
    method,
    headers: { authorization: process.env.AUTHORIZATION, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const read = await answer.json();
  if (answer.ok) return read;
  console.error(read.error?.message);
  process.exit(1);
}
async function bind(path) {
  const policy = await call('POST', path + ':getIamPolicy', {});
  const bindings = [...(policy.bindings ?? []), { role: options.role, members: [options.member] }];
  await call('POST', path + ':setIamPolicy', { policy: { ...policy, bindings } });
}
const parts = resource.split('/');
const parent = '/v1/' + parts.slice(0, -1).join('/');
const texts = { displayName: options['display-name'], description: options.description };
const provider = () => ({
  ...texts,
  attributeMapping: { 'google.subject': options['attribute-mapping'].split('=')[1] },
  attributeCondition: options['attribute-condition'],
  oidc: { issuerUri: options['issuer-uri'], allowedAudiences: [options['allowed-audiences']] },
});
const commands = {
  'workload-identity-pools describe': async () => {
    const { state, disabled } = await call('GET', '/v1/' + resource);
    console.log([state, disabled && 'True'].join(' '));
  },
  'workload-identity-pools undelete': () => call('POST', '/v1/' + resource + ':undelete'),
  'providers undelete': () => call('POST', '/v1/' + resource + ':undelete'),
  'workload-identity-pools create': () => call('POST', parent + '?workloadIdentityPoolId=' + parts.at(-1), texts),
  'providers describe': async () => {
    const { state, disabled, oidc, attributeCondition = '' } = await call('GET', '/v1/' + resource);
    console.log([state, disabled && 'True', oidc.issuerUri, attributeCondition].join(' '));
  },
  'providers create-oidc': () => call('POST', parent + '?workloadIdentityPoolProviderId=' + parts.at(-1), provider()),
  'providers update-oidc': () =>
    call('PATCH', '/v1/' + resource + '?updateMask=displayName,description,oidc,attributeMapping,attributeCondition', provider()),
  'service-accounts add-iam-policy-binding': () => bind('/v1/' + resource.replace('projects/-', 'projects/' + process.env.PROJECT)),
  'projects add-iam-policy-binding': () => bind('/v3/projects/' + resource),
};
commands[words.slice(-3, -1).join(' ')]();
`;

/** The script, by bash, around a stand-in of gcloud. */
export function runScript(gcp: string, source: string): Promise<Ran> {
  return inTemporaryDirectory(async (cwd) => {
    const at = (name: string) => join(cwd, name);
    writeFileSync(at('gcloud.cjs'), gcloud);
    writeFileSync(at('gcloud'), `#!/bin/sh\nexec '${process.execPath}' '${at('gcloud.cjs')}' "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(at('setup.sh'), source);
    const env = { PATH: `${cwd}:/usr/bin:/bin`, GCP: gcp, AUTHORIZATION: authorization, PROJECT: project.id };
    return runProgram('bash', ['setup.sh'], { cwd, env });
  });
}
