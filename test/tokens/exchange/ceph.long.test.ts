/** The preset s3-sts with a real Ceph Object Gateway, which reads a copy of the JWKS with certificates. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect } from '@jest/globals';
import fc from 'fast-check';
import { clouds, diagnosisOf } from '../../../src/clouds/index.ts';
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

test('the lint of trust policies agrees with Ceph about who gets in, for Allow with StringEquals on audience and subject', async () => {
  const seed = Number(process.env.SOJOURN_LINT_SEED ?? randomInt(2 ** 31));
  process.stderr.write(`SOJOURN_LINT_SEED=${seed}\n`);
  front.jwks = await withCertificate({ keys: front.keys.map(({ publicJwk }) => publicJwk) });
  const { audience } = connection;
  const [own, unnamed] = ['con_01k0abcdefghjkmnpqrstvwxyz', 'con_bc'] as const;
  const iat = Math.floor(Date.now() / 1000);
  const tokenOf = (sub: string) =>
    front.sign({ iss: front.issuer, sub, aud: audience, iat, exp: iat + 3600 });
  const tokens = new Map<string, string>();
  for (const sub of [own, unnamed, 'con_b', 'con_c']) tokens.set(sub, await tokenOf(sub));

  const account = 'arn:aws:iam::111122223333:';
  const name = front.issuer.replace('http://', '');
  const target = clouds.aws.target.parse({ role_arn: `${account}role/vendor`, audience });
  const facts = {
    issuer: front.issuer,
    subject: own,
    audience,
    vendor: 'V',
    connection: { id: own, name: 'prod' },
  };
  const valuesOf = (...values: string[]) =>
    fc.oneof(fc.constantFrom(...values), fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 }));
  const statement = fc
    .record(
      {
        provider: fc.constantFrom(name, name, name, `${name}/other`),
        aud: valuesOf(audience, audience, 'other'),
        sub: valuesOf(own, own, 'con_b', 'con_c', own.toUpperCase()),
      },
      { requiredKeys: ['provider'] },
    )
    .map(({ provider, aud, sub }) => ({
      Effect: 'Allow',
      Principal: { Federated: [`${account}oidc-provider/${provider}`] },
      Action: ['sts:AssumeRoleWithWebIdentity'],
      Condition: {
        StringEquals: { ...(aud && { [`${name}:aud`]: aud }), ...(sub && { [`${name}:sub`]: sub }) },
      },
    }));
  const policy = fc
    .array(statement, { minLength: 1, maxLength: 3 })
    .map((Statement) => ({ Version: '2012-10-17', Statement }));
  await fc.assert(
    fc.asyncProperty(policy, async (document) => {
      const { grade, findings } = diagnosisOf('aws').lint(target, facts, document, Date.now());
      // A store has one account, without a number.
      await ceph.putRole('linted', JSON.stringify(document).replaceAll(account, 'arn:aws:iam:::'));
      const admitted: string[] = [];
      for (const [sub, token] of tokens)
        if ((await ceph.assumeRole('arn:aws:iam:::role/linted', token)) === '200') admitted.push(sub);
      const isBlocked = findings.some(({ severity }) => severity === 'blocks_access');
      expect({ document, isIn: admitted.includes(own) }).toEqual({ document, isIn: !isBlocked });
      if (admitted.some((sub) => sub !== own))
        expect({ document, grade }).toEqual({ document, grade: expect.stringMatching(/[CDF]/) });
      if (admitted.includes(unnamed)) expect({ document, grade }).toEqual({ document, grade: 'F' });
    }),
    { seed, numRuns: 200 },
  );
  await publish();
}, 300_000);
