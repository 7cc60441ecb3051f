/** Customers who do the set-up by hand, each time in a place of its own, rightly or with one fault. */
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  GetRoleCommand,
  IAMClient,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { json } from '../../../src/sandbox/demo/http.ts';
import type { TestConnection } from '../../support/server.ts';
import type { Pipeline } from '../../tokens/exchange/pipeline.ts';

export interface Made {
  readonly connection: TestConnection;
  /** Writes what decides who is let in anew: the trust policy, the one federated credential, the provider. */
  change(document: unknown): Promise<void>;
}

let places = 100_000_000_000;

export interface AwsFacts {
  readonly issuer: string;
  /** The issuer without its scheme. */
  readonly name: string;
  readonly subject: string;
  readonly provider: string;
}

export const trust = (
  { name, subject, provider }: AwsFacts,
  condition: object = { StringEquals: { [`${name}:aud`]: 'sts.amazonaws.com', [`${name}:sub`]: subject } },
  actions: readonly string[] = [],
) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: provider },
      Action: ['sts:AssumeRoleWithWebIdentity', ...actions],
      Condition: condition,
    },
  ],
});

export interface AtAws extends Made {
  readonly account: string;
  readonly facts: AwsFacts;
  /** The statements of the role's trust policy. */
  statements(): Promise<readonly unknown[]>;
}

export async function atAws(
  pipeline: Pipeline,
  given: {
    readonly target?: object;
    readonly url?: string;
    readonly clientIds?: readonly string[];
    readonly trust?: (facts: AwsFacts) => unknown;
    readonly role?: string;
  } = {},
): Promise<AtAws> {
  const account = String(places++);
  const { target, url = pipeline.issuer, clientIds = ['sts.amazonaws.com'], role = 'vendor' } = given;
  const connection = await pipeline.connect('aws', {
    role_arn: `arn:aws:iam::${account}:role/vendor`,
    region: 'eu-central-1',
    ...target,
  });
  const iam = new IAMClient({
    endpoint: `${pipeline.sandbox}/aws`,
    region: 'eu-central-1',
    credentials: { accessKeyId: account, secretAccessKey: 'any' },
    maxAttempts: 1,
  });
  const provider = await iam.send(
    new CreateOpenIDConnectProviderCommand({ Url: url, ClientIDList: [...clientIds] }),
  );
  const facts: AwsFacts = {
    issuer: pipeline.issuer,
    name: pipeline.issuer.replace('http://', ''),
    subject: connection.subject,
    provider: provider.OpenIDConnectProviderArn ?? '',
  };
  const document = JSON.stringify((given.trust ?? trust)(facts));
  await iam.send(new CreateRoleCommand({ RoleName: role, AssumeRolePolicyDocument: document }));
  return {
    connection,
    account,
    facts,
    async statements() {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: role }));
      const { Statement } = JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''));
      return Statement as readonly unknown[];
    },
    async change(policy) {
      await iam.send(
        new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: JSON.stringify(policy) }),
      );
    },
  };
}

export const directory = '11111111-2222-4333-8444-555555555555';
const subscription = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

export interface Credential {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

export async function atAzure(
  pipeline: Pipeline,
  given: {
    readonly target?: object;
    readonly credentials?: (sound: Credential) => readonly Credential[];
  } = {},
): Promise<Made & { readonly sound: Credential; readonly path: string }> {
  const group = `/subscriptions/${subscription}/resourceGroups/rg`;
  const path = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id${places++}`;
  const put = <T>(at: string, body: object) =>
    json<T>({
      method: 'PUT',
      url: `${pipeline.sandbox}/azure${at}?api-version=2023-01-31`,
      headers: { authorization: `Bearer sandbox:${directory}` },
      body,
    });
  await put(group, { location: 'westeurope' });
  const { properties } = await put<{ properties: { clientId: string } }>(path, { location: 'westeurope' });
  const connection = await pipeline.connect('azure', {
    tenant_id: directory,
    client_id: properties.clientId,
    ...given.target,
  });
  const sound: Credential = {
    issuer: pipeline.issuer,
    subject: connection.subject,
    audiences: [connection.audience],
  };
  const write = (name: string, credential: unknown) =>
    put<unknown>(`${path}/federatedIdentityCredentials/${name}`, { properties: credential });
  const all = given.credentials?.(sound) ?? [sound];
  for (const [index, credential] of all.entries()) await write(`sojourn${index}`, credential);
  return {
    connection,
    sound,
    path,
    change: async (credential) => void (await write('sojourn0', credential)),
  };
}

const project = 'acme-prod';
export const projectNumber = '123456789012';
export const account = `deployer@${project}.iam.gserviceaccount.com`;
const pools = `/v1/projects/${project}/locations/global/workloadIdentityPools`;

export async function manage<T>(
  pipeline: Pipeline,
  method: string,
  path: string,
  body: object = {},
): Promise<T> {
  const headers = { authorization: `Bearer sandbox:${project}:${projectNumber}` };
  return json<T>({ method, url: `${pipeline.sandbox}/gcp${path}`, headers, body });
}

export async function atGcp(
  pipeline: Pipeline,
  given: {
    readonly target?: object;
    readonly provider?: Readonly<Record<string, unknown>>;
    readonly pool?: string;
    /** Who may become the service account; the connection's subject without one. */
    readonly member?: string;
  } = {},
): Promise<Made & { readonly path: string }> {
  const pool_id = given.pool ?? `pool-${places++}`;
  const connection = await pipeline.connect('gcp', {
    project_number: projectNumber,
    pool_id,
    provider_id: 'vendor',
    ...given.target,
  });
  await manage(pipeline, 'POST', `${pools}?workloadIdentityPoolId=${pool_id}`);
  const sound = {
    attributeMapping: { 'google.subject': 'assertion.sub' },
    attributeCondition: `assertion.sub=='${connection.subject}'`,
    oidc: { issuerUri: pipeline.issuer, allowedAudiences: [connection.audience] },
  };
  const path = `${pools}/${pool_id}/providers/vendor`;
  await manage(pipeline, 'POST', `${pools}/${pool_id}/providers?workloadIdentityPoolProviderId=vendor`, {
    ...sound,
    ...given.provider,
  });
  const {
    member = `principal://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${pool_id}/subject/${connection.subject}`,
  } = given;
  await manage(pipeline, 'POST', `/v1/projects/${project}/serviceAccounts/${account}:setIamPolicy`, {
    policy: { bindings: [{ role: 'roles/iam.workloadIdentityUser', members: [member] }] },
  });
  return {
    connection,
    path,
    change: async (patch) =>
      void (await manage(
        pipeline,
        'PATCH',
        `${path}?updateMask=${Object.keys(patch as object).join(',')}`,
        patch as object,
      )),
  };
}

export const prepareGcp = (pipeline: Pipeline): Promise<unknown> =>
  manage(pipeline, 'POST', `/v1/projects/${project}/serviceAccounts`, { accountId: 'deployer' });

export interface Told {
  readonly verdict: string;
  readonly state: string;
  readonly retry_at: string | null;
  readonly checks: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly detail: string;
    readonly advice: string | null;
    readonly condition?: string;
    readonly fix?: string;
  }[];
}

export const verify = (pipeline: Pipeline, { id }: { id: string }): Promise<Told> =>
  pipeline.admin.post<Told>(`/connections/${id}/verify`);

/** `name outcome`, in the order of the checks. */
export const outcomes = ({ checks }: Told): string[] =>
  checks.map(({ name, outcome }) => `${name} ${outcome}`);

/** The first check that stands in the way. */
export const obstacle = ({ checks }: Told) =>
  checks.find(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped');
