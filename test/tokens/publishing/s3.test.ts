import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { askToken, type TestConnection, withSecret } from '../../support/server.ts';
import { auditOf, checkOf, type PublishingBench, publishingBench, until } from './bench.ts';
import { allowPutting, bucketName, connectPublisher, makeBucket, onS3, region } from './s3.ts';

const timeout = 120_000;
const place = `s3://${bucketName}/issuer`;

let bench: PublishingBench;
let connection: TestConnection;
let copy: string;
let publish: Record<string, unknown>[];

beforeAll(async () => {
  bench = await publishingBench();
  await bench.start();
  const { origin } = bench.sandbox;
  connection = await connectPublisher(bench);
  await makeBucket(origin);
  await allowPutting(origin);
  copy = `${origin}/aws/s3/${bucketName}/issuer`;
  publish = [
    { to: place, connection: connection.id, region, endpoint: `${origin}/aws/s3`, public_url: copy },
  ];
}, timeout);
afterAll(() => bench.end(), timeout);

const documents = ['jwks', '.well-known/openid-configuration'];

async function read(base: string, path: string) {
  const answer = await fetch(`${base}/${path}`);
  const { headers } = answer;
  return {
    status: answer.status,
    body: await answer.text(),
    type: headers.get('content-type'),
    cache: headers.get('cache-control'),
  };
}

const found = (path: string) =>
  until(async () => {
    const answer = await read(copy, path);
    return answer.status === 200 && answer;
  });

describe('publishing to S3 without a key', () => {
  test(
    'puts every document as it is served, tells the audit, and finds the copy as it should be',
    async () => {
      const server = await bench.start({ publish });
      for (const path of documents) expect(await found(path)).toEqual(await read(server.issuer, path));
      expect(
        await until(() => auditOf(server, 'mirror.published').then((lines) => lines.length > 0 && lines)),
      ).toEqual([
        {
          event: 'mirror.published',
          outcome: 'ok',
          actor: 'system',
          connection: connection.id,
          tenant: connection.tenant,
          facts: { to: place, documents: 2 },
        },
      ]);
      expect(
        await until(async () => {
          const check = await checkOf(server, 'mirrors');
          return check?.detail === '1 as served' && check;
        }),
      ).toEqual({ name: 'mirrors', ok: true, detail: '1 as served' });
      expect(await checkOf(server, 'publication')).toEqual({
        name: 'publication',
        ok: true,
        detail: expect.stringMatching(/^s3:\/\/id-example-com\/issuer last published \d{4}-/),
      });
    },
    timeout,
  );

  test(
    'puts a document back that somebody deleted',
    async () => {
      await onS3(bench.sandbox.origin, 'DELETE', `${bucketName}/issuer/jwks`);
      expect((await read(copy, 'jwks')).status).toBe(403);
      // The next comparison is due.
      bench.clock.ms += 5 * 60_000;
      expect(await found('jwks')).toEqual(await read(bench.server.issuer, 'jwks'));
      await until(async () => (await auditOf(bench.server, 'mirror.recovered')).length > 0);
      expect(await auditOf(bench.server, 'mirror.drifted')).toEqual([
        {
          event: 'mirror.drifted',
          outcome: 'failed',
          actor: 'system',
          reason: `${copy}/jwks answers 403`,
          facts: { copy },
        },
      ]);
    },
    timeout,
  );

  test(
    'tells a refusal with advice, holds a rotation back, and lets it go on once the copy has the key',
    async () => {
      const { origin } = bench.sandbox;
      await allowPutting(origin, 'another-bucket');
      const before = await read(copy, 'jwks');
      const server = bench.server;
      interface Key {
        kid: string;
        state: string;
        alg: string;
      }
      const keys = async (state: string) =>
        (await server.admin.get<{ items: Key[] }>('/keys')).items.filter((key) => key.state === state);
      // Activation makes new next keys, which the bucket does not get.
      await server.admin.post('/keys/rotate', {});
      const next = await keys('next');
      const failed = await until(async () => {
        const check = await checkOf(server, 'publication');
        return check?.detail.includes('failed') && check;
      });
      expect(failed).toEqual({
        name: 'publication',
        ok: true,
        detail: expect.stringMatching(
          /^s3:\/\/id-example-com\/issuer failed, last published \S+: cloud_permission_denied: The role may not write to the bucket\. AWS says AccessDenied: Access Denied → Allow the role s3:PutObject on /,
        ),
      });
      expect(await auditOf(server, 'mirror.publish_failed')).toEqual([
        {
          event: 'mirror.publish_failed',
          outcome: 'refused',
          actor: 'system',
          connection: connection.id,
          reason:
            'cloud_permission_denied: The role may not write to the bucket. AWS says AccessDenied: Access Denied',
          facts: { to: place },
        },
      ]);
      expect(await read(copy, 'jwks')).toEqual(before);

      const at = new Date(Date.now() + bench.clock.ms + 3_000).toISOString();
      await server.admin.post('/keys/rotate', { at });
      const held = await until(() => checkOf(server, 'rotation'));
      expect(held.ok).toBe(true);
      expect(held.detail).toContain(`${copy}/jwks does not list it`);
      const metrics = await (await fetch(`${server.adminOrigin}/metrics`)).text();
      expect(metrics).toMatch(/^sojourn_mirrors_publish_failing 1$/m);
      expect(metrics).toMatch(
        /^sojourn_mirror_publish_attempts_total\{outcome="cloud_permission_denied"\} [1-9]/m,
      );

      await allowPutting(origin);
      // The next try is due.
      bench.clock.ms += 16 * 60_000;
      await until(async () => (await keys('active')).every(({ kid }) => next.some((key) => key.kid === kid)));
      expect(await until(async () => !(await checkOf(server, 'rotation')))).toBe(true);
    },
    timeout,
  );

  test(
    'keeps the credentials of the cloud out of the log',
    async () => {
      const log = bench.server.logged();
      expect(log).toContain('mirror.published');
      expect(log).not.toMatch(/ASIA[A-Z2-7]{16}|AWS4-HMAC|x-amz-security-token|eyJ[\w-]*\./i);
    },
    timeout,
  );

  test(
    'leaves a copy by which a token is verified when the server is gone',
    async () => {
      const { server } = bench;
      const client = await server.admin.post<{ client_id: string; client_secret: string }>('/clients', {
        name: 'deployer',
        may_use: [{ connection: connection.id }],
      });
      const { body } = await askToken(server.issuer, withSecret(client, connection));
      await until(async () => (await read(copy, 'jwks')).body === (await read(server.issuer, 'jwks')).body);
      await server.stop();
      await expect(fetch(`${server.issuer}/jwks`)).rejects.toThrow();

      const discovery = JSON.parse((await read(copy, documents[1]!)).body) as {
        issuer: string;
        jwks_uri: string;
      };
      expect(discovery).toMatchObject({ issuer: server.issuer, jwks_uri: `${server.issuer}/jwks` });
      const { payload } = await jwtVerify(
        String(body.access_token),
        createRemoteJWKSet(new URL(`${copy}/jwks`)),
        {
          issuer: server.issuer,
          audience: connection.audience,
        },
      );
      expect(payload.sub).toBe(connection.subject);
    },
    timeout,
  );
});
