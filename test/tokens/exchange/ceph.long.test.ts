/** The preset s3-sts with a real Ceph Object Gateway, which reads a copy of the JWKS with certificates. */
import { afterAll, beforeAll, expect } from '@jest/globals';
import { type Ceph, cephPrograms, startCeph, withCertificate } from '../../support/ceph.ts';
import { testWithClients } from '../../support/clients.ts';
import { areUsable, testWith } from '../../support/programs.ts';
import type { TestConnection } from '../../support/server.ts';
import { startTestIssuer, type TestIssuer } from '../../support/test-issuer.ts';
import { execModule } from './exec.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';

const test = testWith(cephPrograms);
const role = 'arn:aws:iam:::role/vendor';

let ceph: Ceph;
let front: TestIssuer;
let pipeline: Pipeline;
let connection: TestConnection;
beforeAll(async () => {
  if (!areUsable(cephPrograms)) return;
  [ceph, front] = await Promise.all([startCeph(), startTestIssuer()]);
  pipeline = await openPipeline({ front, config: { presets: { endpoints: { 's3-sts': ceph.endpoint } } } });
  await publish();
  connection = await pipeline.connect('s3-sts', {
    endpoint: ceph.endpoint,
    role_arn: role,
  });
  await ceph.createProvider(front.issuer, connection.audience);
}, 120_000);
afterAll(async () => {
  await pipeline?.close();
  await front?.close();
  await ceph?.stop();
});

async function publish(): Promise<void> {
  const jwks = (await (await fetch(`${pipeline.base}/jwks`)).json()) as { keys: [] };
  front.jwks = await withCertificate(jwks);
}

/** The trust policy of the set-up files, with another subject or audience. */
async function trust(changed: Partial<Pick<TestConnection, 'audience' | 'subject'>> = {}): Promise<void> {
  const policy = await pipeline.admin.file(`/connections/${connection.id}/setup/trust-policy.json`);
  const { audience, subject } = { ...connection, ...changed };
  await ceph.putRole(
    'vendor',
    policy
      .replace(`"${connection.subject}"`, JSON.stringify(subject))
      .replace(`"${connection.audience}"`, JSON.stringify(audience)),
  );
}

/** The outcomes of a verification; with the reason of a refused exchange. */
async function verify() {
  const { checks } = await pipeline.admin.post<{
    checks: { name: string; outcome: string; detail: string }[];
  }>(`/connections/${connection.id}/verify`);
  return checks.map(({ name, outcome, detail }) =>
    outcome === 'failed' ? `${name} ${outcome}: ${detail}` : `${name} ${outcome}`,
  );
}

const refused = [
  'target passed',
  'exchange failed: cloud_trust_refused: Ceph refuses the token; it answers the same for every cause, and its log names it. S3-compatible store says AccessDenied',
];

test('Ceph accepts the token with the set-up of the preset, and refuses the negative tokens', async () => {
  await trust();
  expect(await verify()).toEqual([
    'target passed',
    'exchange passed',
    'identity passed',
    'probe_unknown_subject passed',
    'probe_other_subject passed',
    'probe_wrong_audience passed',
  ]);
});

testWithClients(['@aws-sdk/client-s3'], cephPrograms)(
  'the S3 client of AWS lists a bucket with the variables of sojourn exec',
  async () => {
    await trust();
    const source = `import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
      // The preset does not know where a store expects the name of a bucket.
      const s3 = new S3Client({ forcePathStyle: true });
      const Bucket = 'reports';
      await s3.send(new CreateBucketCommand({ Bucket }));
      await s3.send(new PutObjectCommand({ Bucket, Key: 'november.txt', Body: 'done' }));
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
      console.log(JSON.stringify(Contents.map(({ Key, Size }) => ({ Key, Size }))));`;
    expect(await execModule(pipeline, [connection.id], source)).toEqual({
      code: 0,
      out: '[{"Key":"november.txt","Size":4}]\n',
      err: '',
    });
  },
);

for (const changed of [{ subject: 'other' }, { audience: 'other' }])
  test(`Ceph refuses the token if the trust policy has another ${Object.keys(changed)[0]}`, async () => {
    await trust(changed);
    expect(await verify()).toEqual(refused);
  });

test('Ceph refuses an expired token', async () => {
  await trust();
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: front.issuer, sub: connection.subject, aud: connection.audience };
  const sign = (exp: number) => front.sign({ ...claims, iat: exp - 300, exp });
  front.jwks = await withCertificate({ keys: front.keys.map(({ publicJwk }) => publicJwk) });
  expect([
    await ceph.assumeRole(role, await sign(now + 300)),
    await ceph.assumeRole(role, await sign(now - 1)),
  ]).toEqual(['200', '403 AccessDenied']);
  await publish();
});

test('Ceph refuses a JWKS without certificates', async () => {
  await trust();
  front.jwks = { keys: front.jwks.keys.map(({ x5c: _, ...key }) => key) };
  expect(await verify()).toEqual(refused);
  await publish();
});
