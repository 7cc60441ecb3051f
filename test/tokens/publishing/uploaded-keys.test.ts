import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { asking, byAdmin, newestLine, plain, problem } from '../../server/http/ask.ts';
import type { TestConnection } from '../../support/server.ts';
import { auditOf, checkOf, type PublishingBench, publishingBench, until } from './bench.ts';

const timeout = 120_000;

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly state: string;
}

let bench: PublishingBench;
let connection: TestConnection;

const keys = async (state: string) =>
  (await bench.server.admin.get<{ items: Key[] }>('/keys')).items.filter(
    (key) => key.state === state && key.alg === connection.algorithm,
  );
const file = (name: string) => bench.server.admin.file(`/connections/${connection.id}/setup/${name}`);
const verify = () => bench.server.admin.post<{ verdict: string }>(`/connections/${connection.id}/verify`, {});
/** Writes the keys of the file to the provider, as `setup.sh` does when it is run again. */
async function upload(): Promise<string[]> {
  const jwksJson = await file('jwks.json');
  const response = await fetch(
    `${bench.sandbox.origin}/gcp/v1/${gcp.provider.replace('//iam.googleapis.com/', '')}?updateMask=oidc.jwksJson`,
    {
      method: 'PATCH',
      headers: {
        authorization: `Bearer sandbox:${gcp.projectId}:${gcp.projectNumber}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ oidc: { jwksJson } }),
    },
  );
  expect(response.status).toBe(200);
  return (JSON.parse(jwksJson) as { keys: Key[] }).keys.map(({ kid }) => kid);
}

beforeAll(async () => {
  bench = await publishingBench();
  const { admin } = await bench.start();
  const tenant = (await admin.post<{ id: string }>('/tenants', { name: 'Acme' })).id;
  connection = await admin.post<TestConnection>('/connections', {
    name: 'behind-a-wall',
    tenant,
    cloud: 'gcp',
    target: {
      project_number: gcp.projectNumber,
      pool_id: gcp.pool,
      provider_id: gcp.providerId,
      uploaded_jwks: true,
    },
  });
  const endpoint = `${bench.sandbox.origin}/gcp`;
  await gcp.prepareProject(endpoint);
  await gcp.applyRequests(endpoint, await file('requests.json'));
}, timeout);
afterAll(() => bench.end(), timeout);

describe('a connection to a provider with an uploaded JWKS', () => {
  test(
    'has the active and the next key of its algorithm in its files, in a form that Google accepts',
    async () => {
      const { keys: listed } = JSON.parse(await file('jwks.json')) as { keys: Key[] };
      const [active, next] = [await keys('active'), await keys('next')];
      expect(listed).toEqual(
        [...active, ...next].map(({ kid }) => ({
          kid,
          kty: 'EC',
          crv: 'P-256',
          alg: 'ES256',
          use: 'sig',
          x: expect.any(String),
          y: expect.any(String),
        })),
      );
      expect(await verify()).toMatchObject({ verdict: 'active' });
    },
    timeout,
  );

  test(
    'postpones a rotation until the upload of the next key is confirmed, and is named in the reason',
    async () => {
      const [next] = await keys('next');
      const at = new Date(Date.now() + bench.clock.ms + 2_000).toISOString();
      await bench.server.admin.post('/keys/rotate', { activate_at: at });
      const postponed = await until(() => checkOf(bench.server, 'key_rotation'));
      expect(postponed).toEqual({
        name: 'key_rotation',
        ok: true,
        detail: expect.stringMatching(
          new RegExp(`^ES256 ${next?.kid} postponed since \\S+: not yet uploaded for ${connection.id}$`),
        ),
      });
      expect((await auditOf(bench.server, 'key.postponed'))[0]).toMatchObject({
        kid: next?.kid,
        reason: `not yet uploaded for ${connection.id}`,
      });
      const metrics = await (await fetch(`${bench.server.adminOrigin}/metrics`)).text();
      expect(metrics).toMatch(/^sojourn_keys_postponed 1$/m);

      const kids = await upload();
      const ask = asking(bench.server);
      const { body } = await ask(`POST /connections/${connection.id}/uploaded-keys`, { body: { kids } });
      expect(body).toEqual(expect.objectContaining({ id: connection.id, uploaded_kids: kids }));
      await until(async () => (await keys('active'))[0]?.kid === next?.kid);
      expect(await verify()).toMatchObject({ verdict: 'active' });
      expect((await auditOf(bench.server, 'connection.jwks_uploaded'))[0]).toEqual(
        expect.objectContaining({ ...byAdmin, connection: connection.id, facts: { kids: kids.join(' ') } }),
      );
    },
    timeout,
  );

  test(
    'refuses an immediate rotation unless it is overridden',
    async () => {
      const ask = asking(bench.server);
      // The successor of the key that was activated just now.
      const next = await until(async () => {
        const found = await keys('next');
        return found.length > 0 && found;
      });
      const refused = await until(async () => {
        const answer = await plain(ask('POST /keys/rotate'));
        return (answer.body as { code?: string }).code !== 'key_not_ready' && answer;
      });
      expect(refused).toEqual(
        problem(
          409,
          'key_not_propagated',
          `The next ES256 key ${next[0]?.kid} cannot sign yet: not yet uploaded for ${connection.id}.`,
        ),
      );
      await ask('POST /keys/rotate', { body: { override: true } });
      expect((await keys('active')).map(({ kid }) => kid)).toEqual(next.map(({ kid }) => kid));
      expect(await newestLine(ask)).toMatchObject({ event: expect.stringMatching(/^key\./) });
    },
    timeout,
  );

  test(
    'does not postpone a rotation while it is disabled',
    async () => {
      const ask = asking(bench.server);
      await ask(`POST /connections/${connection.id}/disable`);
      const next = await keys('next');
      await until(async () => (await ask('POST /keys/rotate')).status === 200);
      expect((await keys('active')).map(({ kid }) => kid)).toEqual(next.map(({ kid }) => kid));
    },
    timeout,
  );

  test.each([
    [{ kids: ['elsewhere'] }, 'kids.0', 'must be a published key of the connection’s issuer'],
    [{ kids: [] }, 'kids', 'must have at least one key id'],
  ])(
    'refuses %j as uploaded keys',
    async (body, field, message) => {
      expect(
        await plain(asking(bench.server)(`POST /connections/${connection.id}/uploaded-keys`, { body })),
      ).toEqual(problem(400, 'invalid_request', `${field}: ${message}`, [{ field, message }]));
    },
    timeout,
  );
});
