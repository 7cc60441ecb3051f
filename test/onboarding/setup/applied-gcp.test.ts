/** The files for Google Cloud, applied to the sandbox as a customer would, and entered afterwards. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { applyRequests } from '../../../src/sandbox/demo/customer/gcp.ts';
import { factsFor, fileFor, type Live, type SetupBench, setupBench } from './bench.ts';
import {
  applyOverExisting,
  applyTerraform,
  googleAt,
  project,
  projectPolicy,
  runScript,
} from './gcp-applied.arrange.ts';

let bench: SetupBench;
let gcp: string;
let google: ReturnType<typeof googleAt>;
const serviceAccount = `deployer@${project.id}.iam.gserviceaccount.com`;
beforeAll(async () => {
  bench = await setupBench();
  gcp = `${bench.sandbox.origin}/gcp`;
  google = googleAt(gcp);
  await google('POST', `/v1/projects/${project.id}/serviceAccounts`, { accountId: 'deployer' });
});
afterAll(() => bench.close());

const connect = (pool_id: string, provider_id: string, more = {}) =>
  bench.connect('gcp', { project_number: project.number, pool_id, provider_id, ...more }, provider_id);
const additionalOf = (connection: Live) => ({ target: connection.target, facts: factsFor(connection) });
const permissions = { browse: { roles: ['roles/browser'] } };

const ways: [string, (source: string) => Promise<unknown>, boolean][] = [
  ['requests.json', (source) => applyRequests(gcp, source), false],
  ['main.tf', (source) => applyTerraform(google, source), true],
  ['setup.sh', (source) => runScript(gcp, source), true],
];

test.each(ways)(
  '%s makes what each connection enters, with its roles, and no other subject does',
  async (name, apply, reports) => {
    const pool = `pool-${name.replace('.', '-')}`;
    const one = await connect(pool, 'idp-one', { service_account: serviceAccount });
    const two = await connect(pool, 'idp-two');
    const more = { additional: [additionalOf(two)], permissions, callback: bench.callback };
    const before = (await projectPolicy(google)) ?? [];
    const ran = await apply(fileFor(one, name, more));
    if (reports)
      expect(ran).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/Reported\.\n$/) });
    expect(bench.heard().map(({ body }) => body)).toEqual(
      reports
        ? [
            {
              project_number: project.number,
              pool_id: pool,
              provider_id: 'idp-one',
              service_account: serviceAccount,
            },
          ]
        : [],
    );
    const principal = `principal://iam.googleapis.com/projects/${project.number}/locations/global/workloadIdentityPools/${pool}/subject/${two.subject}`;
    expect((await projectPolicy(google))?.slice(before.length)).toEqual([
      { role: 'roles/browser', members: [`serviceAccount:${serviceAccount}`] },
      { role: 'roles/browser', members: [principal] },
    ]);
    expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([true, true]);
    await bench.save(one, { provider_id: 'idp-two' });
    await bench.save(two, { provider_id: 'idp-one' });
    expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([false, false]);
  },
  60_000,
);

test.each<[string, (source: string) => Promise<unknown>]>([
  [
    'setup.sh',
    async (source) => expect(await runScript(gcp, source)).toMatchObject({ status: 0, stderr: '' }),
  ],
  ['requests.json', (source) => applyOverExisting(gcp, source)],
])('%s restores a provider and then a pool that were deleted', async (name, run) => {
  const id = name.replace('.', '-');
  const one = await connect(`gone-${id}`, `idp-${id}`);
  const apply = async () => {
    await run(fileFor(one, name));
    return bench.isIn(one);
  };
  expect(await apply()).toBe(true);
  const pool = `/v1/projects/${project.number}/locations/global/workloadIdentityPools/gone-${id}`;
  for (const path of [`${pool}/providers/idp-${id}`, pool]) {
    await google('DELETE', path);
    expect([await bench.isIn(one), await apply()]).toEqual([false, true]);
  }
});

test('guardrails refuse the provider and its tokens as the lint says, and not with its exceptions', async () => {
  const one = await connect('pool-guarded', 'idp-guarded');
  const guard = (...documents: object[]) =>
    fetch(`${bench.sandbox.origin}/sandbox/guardrails`, {
      method: 'PUT',
      body: JSON.stringify({
        cloud: 'gcp',
        guardrails: documents.map((document) => ({ scope: project.number, document })),
      }),
    });
  const exceptionFor = async (document: object) => {
    const answer = await bench.server.admin.post<{ verdict: string; exception: string }>(
      `/connections/${one.id}/lint-guardrail`,
      { document: JSON.stringify(document) },
    );
    expect(answer.verdict).toBe('refuses');
    return JSON.parse(answer.exception) as object;
  };
  const constraint = {
    name: `projects/${project.number}/policies/iam.workloadIdentityPoolProviders`,
    spec: { rules: [{ denyAll: true }] },
  };
  const perimeter = {
    name: 'accessPolicies/1/servicePerimeters/prod',
    status: { resources: [`projects/${project.number}`], restrictedServices: ['sts.googleapis.com'] },
  };
  const script = fileFor(one, 'setup.sh');
  await guard(constraint);
  expect(await runScript(gcp, script)).toMatchObject({ status: 1, stderr: 'Precondition check failed.\n' });
  const allowed = await exceptionFor(constraint);
  await guard(allowed, perimeter);
  expect(await runScript(gcp, script)).toMatchObject({ status: 0 });
  expect((await bench.verify(one)).checks.at(-1)?.detail).toContain('cloud_policy_forbids');
  await guard(allowed, await exceptionFor(perimeter));
  expect(await bench.isIn(one)).toBe(true);
  await guard();
}, 60_000);

test('an existing pool is not changed', async () => {
  const one = await connect('pool-old', 'idp-one');
  await applyTerraform(google, fileFor(one, 'main.tf'));
  const two = await connect('pool-old', 'idp-two');
  const options = { existing_pool: true };
  await applyTerraform(google, fileFor(two, 'main.tf', { options }));
  expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([true, true]);
  expect(JSON.parse(fileFor(two, 'requests.json', { options }))).toMatchObject([{ kind: 'create_provider' }]);
});

test('each Google Cloud file has exactly the values of a token of the connection', async () => {
  const connection = await connect('pool-said', 'idp-said');
  const { iss, sub, aud } = await bench.claims(connection);
  const [, { body }] = JSON.parse(fileFor(connection, 'requests.json')) as [unknown, { body: unknown }];
  expect(body).toMatchObject({
    attributeCondition: `assertion.sub=='${String(sub)}'`,
    oidc: { issuerUri: iss, allowedAudiences: [aud] },
  });
  for (const name of ['main.tf', 'setup.sh'])
    for (const said of [iss, sub, aud]) expect(fileFor(connection, name)).toContain(String(said));
});
