/** A destination may have only an entry, the part that the exchange needs. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clouds } from '../../../src/clouds/index.ts';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { call } from '../../../src/sandbox/demo/http.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';

let pipeline: Pipeline;
let id: string;

beforeAll(async () => {
  pipeline = await openPipeline();
  const { admin, sandbox } = pipeline;
  const connection = await pipeline.connect('gcp', {
    project_number: gcp.projectNumber,
    pool_id: gcp.pool,
    provider_id: gcp.providerId,
    service_account: gcp.serviceAccount,
  });
  id = connection.id;
  await gcp.prepareProject(`${sandbox}/gcp`);
  await gcp.applyRequests(`${sandbox}/gcp`, await admin.file(`/connections/${id}/setup/requests.json`));
  const { settings, target, entry } = clouds.gcp;
  Object.assign(clouds, { gcp: { settings, target, entry } });
}, 60_000);
afterAll(() => pipeline.close());

test('a cloud with only an entry issues credentials', async () => {
  const { status, body } = await pipeline.credentials(id);
  expect([status, Object.keys(body)]).toEqual([200, ['connection', 'cloud', 'expires_at', 'credentials']]);
});

test('a cloud with only an entry is verified without probes', async () => {
  interface Verified {
    readonly verdict: string;
    readonly checks: readonly { readonly name: string; readonly outcome: string }[];
  }
  const { verdict, checks } = await pipeline.admin.post<Verified>(`/connections/${id}/verify`);
  expect([verdict, checks.map(({ name, outcome }) => `${name} ${outcome}`)]).toEqual([
    'active',
    [
      'target passed',
      'exchange passed',
      'identity passed',
      'probe_unknown_subject skipped',
      'probe_other_subject skipped',
      'probe_wrong_audience skipped',
    ],
  ]);
});

test('a leak of the key affects a cloud with only an entry for an unknown time', async () => {
  const { items: keys } = await pipeline.admin.get<{ items: readonly { kid: string }[] }>('/keys');
  const { items } = await pipeline.admin.get<{ items: readonly object[] }>(`/keys/${keys[0]?.kid}/impact`);
  expect(items).toEqual([
    expect.objectContaining({
      connection: id,
      trusted_for: 'Unknown. Ask the operator of the cloud how long it trusts a key that has left the JWKS.',
      steps: [],
    }),
  ]);
});

test.each([
  ['GET', '/setup', undefined, 'cloud: gcp has no set-up files'],
  ['POST', '/invitations', {}, 'cloud: gcp has no set-up files'],
  ['POST', '/lint', { document: '{}' }, 'cloud: gcp has no lint'],
  [
    'PATCH',
    '',
    { purposes: { read: { lifetime_seconds: 900 } } },
    'purposes.read: is not possible: gcp has no purposes',
  ],
])(
  'a cloud with only an entry refuses %s %s, which needs another part',
  async (method, path, body, detail) => {
    const { adminOrigin, adminToken } = pipeline.server;
    const answer = await call({
      method,
      url: `${adminOrigin}/admin/v1/connections/${id}${path}`,
      headers: { authorization: `Bearer ${adminToken}` },
      ...(body ? { body } : {}),
    });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid_request', detail }),
    ]);
  },
);
