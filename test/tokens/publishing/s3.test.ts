import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { askToken, type TestConnection, withSecret } from '../../support/server.ts';
import { auditOf, checkOf, type PublishingBench, publishingBench, until } from './bench.ts';
import { allowPuts, bucketName, connectPublisher, createBucket, onS3, region } from './s3.ts';

const timeout = 120_000;
const bucket = `s3://${bucketName}/issuer`;

let bench: PublishingBench;
let connection: TestConnection;
let mirror: string;
let publish: Record<string, unknown>[];

beforeAll(async () => {
  bench = await publishingBench();
  await bench.start();
  const { origin } = bench.sandbox;
  connection = await connectPublisher(bench);
  await createBucket(origin);
  await allowPuts(origin);
  mirror = `${origin}/aws/s3/${bucketName}/issuer`;
  publish = [
    { to: bucket, connection: connection.id, region, endpoint: `${origin}/aws/s3`, public_url: mirror },
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

const fetchMirrored = (path: string) =>
  until(async () => {
    const answer = await read(mirror, path);
    return answer.status === 200 && answer;
  });

describe('publishing to S3 without a key', () => {
  test(
    'writes every document as it is served, records it in the audit, and finds that the mirror has not drifted',
    async () => {
      const server = await bench.start({ publish });
      for (const path of documents)
        expect(await fetchMirrored(path)).toEqual(await read(server.issuer, path));
      expect(
        await until(() => auditOf(server, 'mirror.published').then((lines) => lines.length > 0 && lines)),
      ).toEqual([
        {
          event: 'mirror.published',
          outcome: 'ok',
          actor: 'system',
          connection: connection.id,
          tenant: connection.tenant,
          facts: { bucket, document_count: 2 },
        },
      ]);
      expect(
        await until(async () => {
          const check = await checkOf(server, 'mirrors');
          return check?.detail === '1 as served' && check;
        }),
      ).toEqual({ name: 'mirrors', ok: true, detail: '1 as served' });
      expect(await checkOf(server, 'mirror_publishing')).toEqual({
        name: 'mirror_publishing',
        ok: true,
        detail: expect.stringMatching(/^s3:\/\/id-example-com\/issuer last published \d{4}-/),
      });
    },
    timeout,
  );

  test(
    'restores a document that was deleted from the bucket',
    async () => {
      await onS3(bench.sandbox.origin, 'DELETE', `${bucketName}/issuer/jwks`);
      expect((await read(mirror, 'jwks')).status).toBe(403);
      // The next check of the mirrors is due.
      bench.clock.ms += 5 * 60_000;
      expect(await fetchMirrored('jwks')).toEqual(await read(bench.server.issuer, 'jwks'));
      await until(async () => (await auditOf(bench.server, 'mirror.recovered')).length > 0);
      expect(await auditOf(bench.server, 'mirror.drifted')).toEqual([
        {
          event: 'mirror.drifted',
          outcome: 'failed',
          actor: 'system',
          reason: `${mirror}/jwks answers 403`,
          facts: { mirror },
        },
      ]);
    },
    timeout,
  );

  test(
    'continues while issuing is suspended',
    async () => {
      const { admin, issuer } = bench.server;
      await admin.post('/issuing/suspend', { reason: 'a leak' });
      await onS3(bench.sandbox.origin, 'DELETE', `${bucketName}/issuer/jwks`);
      // The next check of the mirrors is due, and earlier credentials have expired.
      bench.clock.ms += 2 * 3_600_000;
      expect(await fetchMirrored('jwks')).toEqual(await read(issuer, 'jwks'));
      await admin.post('/issuing/resume', { reason: 'over' });
    },
    timeout,
  );

  test(
    'reports a refusal with advice, and postpones a rotation until the mirror has the key',
    async () => {
      const { origin } = bench.sandbox;
      await allowPuts(origin, 'another-bucket');
      const before = await read(mirror, 'jwks');
      const server = bench.server;
      interface Key {
        kid: string;
        state: string;
        alg: string;
      }
      const keys = async (state: string) =>
        (await server.admin.get<{ items: Key[] }>('/keys')).items.filter((key) => key.state === state);
      // Activation creates new next keys, which the bucket refuses.
      await server.admin.post('/keys/rotate', {});
      const next = await keys('next');
      const failed = await until(async () => {
        const check = await checkOf(server, 'mirror_publishing');
        return check?.detail.includes('failed') && check;
      });
      expect(failed).toEqual({
        name: 'mirror_publishing',
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
          facts: { bucket },
        },
      ]);
      expect(await read(mirror, 'jwks')).toEqual(before);

      const at = new Date(Date.now() + bench.clock.ms + 3_000).toISOString();
      await server.admin.post('/keys/rotate', { activate_at: at });
      const postponed = await until(() => checkOf(server, 'key_rotation'));
      expect(postponed.ok).toBe(true);
      expect(postponed.detail).toContain(`${mirror}/jwks does not list it`);
      const metrics = await (await fetch(`${server.adminOrigin}/metrics`)).text();
      expect(metrics).toMatch(/^sojourn_mirrors_publish_failing 1$/m);
      expect(metrics).toMatch(
        /^sojourn_mirror_publish_attempts_total\{outcome="cloud_permission_denied"\} [1-9]/m,
      );

      await allowPuts(origin);
      // The next attempt is due.
      bench.clock.ms += 16 * 60_000;
      await until(async () => (await keys('active')).every(({ kid }) => next.some((key) => key.kid === kid)));
      expect(await until(async () => !(await checkOf(server, 'key_rotation')))).toBe(true);
    },
    timeout,
  );

  test(
    'keeps cloud credentials out of the log',
    async () => {
      const log = bench.server.logged();
      expect(log).toContain('mirror.published');
      expect(log).not.toMatch(/ASIA[A-Z2-7]{16}|AWS4-HMAC|x-amz-security-token|eyJ[\w-]*\./i);
    },
    timeout,
  );

  test(
    'leaves a mirror with which a token can be verified after the server has stopped',
    async () => {
      const { server } = bench;
      const client = await server.admin.post<{ client_id: string; client_secret: string }>('/clients', {
        name: 'deployer',
        may_use: [{ connection: connection.id }],
      });
      const { body } = await askToken(server.issuer, withSecret(client, connection));
      await until(async () => (await read(mirror, 'jwks')).body === (await read(server.issuer, 'jwks')).body);
      await server.stop();
      await expect(fetch(`${server.issuer}/jwks`)).rejects.toThrow();

      const discovery = JSON.parse((await read(mirror, documents[1]!)).body) as {
        issuer: string;
        jwks_uri: string;
      };
      expect(discovery).toMatchObject({ issuer: server.issuer, jwks_uri: `${server.issuer}/jwks` });
      const { payload } = await jwtVerify(
        String(body.access_token),
        createRemoteJWKSet(new URL(`${mirror}/jwks`)),
        {
          issuer: server.issuer,
          audience: connection.audience,
          // The server's clock, which the tests above have moved forward.
          currentDate: new Date(Date.now() + bench.clock.ms),
        },
      );
      expect(payload.sub).toBe(connection.subject);
    },
    timeout,
  );
});
