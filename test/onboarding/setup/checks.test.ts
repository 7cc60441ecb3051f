/** Documents that would take minutes or gigabytes to evaluate: each is refused, and the server answers all the while. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/access/connections/index.ts';
import type { Preset, SetupFacts } from '../../../src/clouds/index.ts';
import { createDocumentChecks } from '../../../src/onboarding/setup/checks/index.ts';
import { call } from '../../../src/sandbox/demo/http.ts';
import { type TestServer, testServer } from '../../support/server.ts';

let server: TestServer;
let skewMs = 0;
const connections = new Map<string, string>();

const targets = {
  aws: { region: 'eu-central-1' },
  azure: {},
  gcp: { project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor-idp' },
};

beforeAll(async () => {
  server = await testServer({ now: () => Date.now() + skewMs });
  for (const [cloud, target] of Object.entries(targets)) {
    // Each of its own tenant, because a document that is too complex makes its tenant wait.
    const { id: tenant } = await server.admin.post<{ id: string }>('/tenants', { name: cloud });
    const { id } = await server.admin.post<{ id: string }>('/connections', {
      ...{ name: cloud, tenant, cloud, target },
    });
    connections.set(cloud, id);
  }
});
afterAll(() => server.close());

const check = async (cloud: string, document: unknown, what: 'lint' | 'lint-guardrail') => {
  const { status, body } = await call({
    method: 'POST',
    url: `${server.adminOrigin}/admin/v1/connections/${connections.get(cloud)}/${what}`,
    headers: { authorization: `Bearer ${server.adminToken}` },
    body: { document: typeof document === 'string' ? document : JSON.stringify(document) },
  });
  return { status, body: JSON.parse(body) as Record<string, unknown> };
};

const answerOf = ({ status, body: { code, errors, verdict, detail } }: Awaited<ReturnType<typeof check>>) =>
  JSON.parse(JSON.stringify({ status, code, errors, verdict, detail })) as object;

const a = (length: number) => 'a'.repeat(length);
const replacing = (last: number) =>
  `replace(replace(replace('${a(100)}','a','${a(100)}'),'a','${a(100)}'),'a','${a(100 + last)}')`;
const azurePolicy = (condition: object) =>
  `{"properties":{"mode":"All","policyRule":{"if":${JSON.stringify(condition)},"then":{"effect":"deny"}}}}`;
const gigabytes = azurePolicy({
  value: 'x',
  in: Array.from({ length: 45 }, (_, index) => `[${replacing(index)}]`),
});
const provider = (attributeCondition: string) => ({
  name: 'projects/123456789012/locations/global/workloadIdentityPools/vendor-pool/providers/vendor-idp',
  state: 'ACTIVE',
  oidc: { issuerUri: server.issuer },
  attributeMapping: { 'google.subject': 'assertion.sub' },
  attributeCondition,
});
const literals = (count: number) =>
  Array.from(
    { length: count },
    (_, index) =>
      `(assertion.sub.startsWith('c${index}') || assertion.sub.endsWith('${index}') || assertion.sub.contains('${index}a'))`,
  ).join(' && ');

const tooComplex = 'is too complex to check; check its parts one by one, or simplify it';
const tooDeep = 'is nested too deeply';

test.each<[string, string, () => unknown, 'lint' | 'lint-guardrail', string]>([
  [
    'expressions of Azure Policy whose values have gigabytes',
    'azure',
    () => gigabytes,
    'lint-guardrail',
    tooComplex,
  ],
  [
    'a condition of Google Cloud with thousands of kinds of subjects',
    'gcp',
    () => provider(literals(500)),
    'lint',
    tooComplex,
  ],
  [
    'thirty thousand nested lists',
    'aws',
    () => `{"Statement":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    'lint',
    tooDeep,
  ],
])(
  'a document with %s is refused while other callers are served',
  async (_, cloud, document, what, message) => {
    const given = document();
    const startedAt = performance.now();
    let isDone = false;
    const answer = check(cloud, given, what).finally(() => {
      isDone = true;
    });
    let longestMs = 0;
    while (!isDone) {
      const sentAt = performance.now();
      expect((await fetch(`${server.issuer}/jwks`)).status).toBe(200);
      longestMs = Math.max(longestMs, performance.now() - sentAt);
    }
    const { status, body } = await answer;
    expect({ status, code: body.code, errors: body.errors }).toEqual({
      status: 400,
      code: 'invalid_request',
      errors: [{ field: 'document', message }],
    });
    // If the server evaluated the document itself, one request would wait for all of the time.
    if (message === tooComplex) expect(longestMs).toBeLessThan((performance.now() - startedAt) / 2);
    expect(server.logged()).not.toContain('"level":50');
  },
  30_000,
);

test('a tenant whose document is too complex waits 10 seconds before its next check, and other tenants do not', async () => {
  skewMs += 10_000;
  const small = azurePolicy({ field: 'type', equals: 'Microsoft.Compute/virtualMachines' });
  expect(answerOf(await check('azure', gigabytes, 'lint-guardrail'))).toMatchObject({
    status: 400,
    errors: [{ field: 'document', message: tooComplex }],
  });
  expect(answerOf(await check('azure', small, 'lint-guardrail'))).toEqual({
    status: 429,
    code: 'rate_limited',
    detail: expect.stringMatching(/too complex/),
  });
  expect((await check('aws', { Statement: [] }, 'lint')).status).toBe(200);
  skewMs += 10_000;
  expect(answerOf(await check('azure', small, 'lint-guardrail'))).toEqual({ status: 200, verdict: 'allows' });
}, 30_000);

test('the process that checks documents has no environment, and ends with the server', async () => {
  const own = await testServer();
  const { id: tenant } = await own.admin.post<{ id: string }>('/tenants', { name: 'Acme' });
  const { id } = await own.admin.post<{ id: string }>('/connections', {
    ...{ name: 'p', tenant, cloud: 'azure', target: {} },
  });
  const before = programs();
  const document = azurePolicy({ field: 'type', equals: 'Microsoft.Compute/virtualMachines' });
  expect(await own.admin.post(`/connections/${id}/lint-guardrail`, { document })).toMatchObject({
    verdict: 'allows',
  });
  const [pid = ''] = programs().filter((other) => !before.includes(other));
  expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toMatch(/SOJOURN|HOME|PATH/);
  await own.close();
  while (programs().includes(pid)) await sleep(20);
});

test('a process that does not start is an error of the server alone, and the next document starts another one', async () => {
  // The process ends when it reads this preset.
  const presets = [{}] as Preset[];
  const checks = createDocumentChecks(presets, () => Date.now());
  const before = programs();
  const connection = { tenant: 'ten_1', cloud: 'azure', target: {} } as unknown as Connection;
  const facts: SetupFacts = {
    issuer: 'https://id.example',
    subject: 'con_1',
    audience: 'api://AzureADTokenExchange',
    connection: { id: 'con_1', name: 'prod' },
    vendor: 'Vendor',
  };
  const document = azurePolicy({ field: 'type', equals: 'Microsoft.Compute/virtualMachines' });
  for (const _ of [1, 2])
    await expect(checks.guardrail(connection, facts, document)).rejects.toMatchObject({
      code: 'internal',
      cause: new Error('the process that checks documents does not start'),
    });
  expect(programs()).toEqual(before);
  presets.length = 0;
  expect(await checks.guardrail(connection, facts, document)).toMatchObject({ verdict: 'allows' });
  checks.close();
}, 30_000);

/** The ids of the processes that check documents for servers in this process. */
const programs = (): string[] =>
  readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'latin1')
    .split(' ')
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('setup/checks/program');
      } catch {
        return false;
      }
    });
