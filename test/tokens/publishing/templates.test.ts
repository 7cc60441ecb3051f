/** Set-up files in the vendor's bucket, and the console links that point to them. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inTemporaryDirectory } from '../../onboarding/setup/arrange.ts';
import { runProgram } from '../../onboarding/setup/aws.arrange.ts';
import type { TestConnection } from '../../support/server.ts';
import { type PublishingBench, publishingBench } from './bench.ts';
import { allowPuts, bucketName, connectPublisher, createBucket, onS3, region } from './s3.ts';

const timeout = 120_000;
const s3 = `https://${bucketName}.s3.${region}.amazonaws.com/setup`;

let bench: PublishingBench;
let publisher: TestConnection;
let templates: Record<string, unknown>;
const connections: Partial<Record<'aws' | 'azure' | 'gcp', TestConnection>> = {};

beforeAll(async () => {
  bench = await publishingBench();
  const { admin } = await bench.start();
  const { origin } = bench.sandbox;
  publisher = await connectPublisher(bench);
  await createBucket(origin);
  await allowPuts(origin);
  templates = {
    to: `s3://${bucketName}/setup`,
    connection: publisher.id,
    region,
    endpoint: `${origin}/aws/s3`,
    public_url: s3,
  };
  const { tenant } = publisher;
  const connect = (cloud: string, target: object) =>
    admin.post<TestConnection>('/connections', { name: cloud, tenant, cloud, target });
  connections.aws = await connect('aws', { region: 'eu-central-1' });
  connections.azure = await connect('azure', {});
  connections.gcp = await connect('gcp', { project_number: '1234567', pool_id: 'pool', provider_id: 'idp1' });
  await bench.start({}, { setup: { templates } });
}, timeout);
afterAll(() => bench.end(), timeout);

const file = (cloud: keyof typeof connections, name: string) =>
  bench.server.admin.file(`/connections/${connections[cloud]?.id}/setup/${name}`);
const namesOf = async (cloud: keyof typeof connections) =>
  (
    await bench.server.admin.get<{ items: { name: string }[] }>(
      `/connections/${connections[cloud]?.id}/setup`,
    )
  ).items.map(({ name }) => name);

/** The path of the published file: the hash of its content, then its name. */
const pathOf = (name: string, content: string) =>
  `${createHash('sha256').update(content).digest('hex')}/${name}`;
const inBucket = (path: string) => fetch(`${bench.sandbox.origin}/aws/s3/${bucketName}/setup/${path}`);

test('a template in the bucket equals the served one, and the links to the AWS and Azure consoles point to it', async () => {
  const template = await file('aws', 'cloudformation.json');
  const path = pathOf('cloudformation.json', template);
  const stack = `sojourn-${connections.aws?.id.replaceAll('_', '-')}`;
  expect(await file('aws', 'quick-create.uri')).toBe(
    `https://console.aws.amazon.com/cloudformation/home?region=eu-central-1#/stacks/quickcreate?${new URLSearchParams({ templateURL: `${s3}/${path}`, stackName: stack })}\r\n`,
  );
  const stored = await inBucket(path);
  expect({
    body: await stored.text(),
    type: stored.headers.get('content-type'),
    cache: stored.headers.get('cache-control'),
  }).toEqual({ body: template, type: 'application/json', cache: 'public, max-age=31536000, immutable' });
  const arm = pathOf('azuredeploy.json', await file('azure', 'azuredeploy.json'));
  expect(await file('azure', 'deploy-to-azure.uri')).toBe(
    `https://portal.azure.com/#create/Microsoft.Template/uri/${encodeURIComponent(`${s3}/${arm}`)}\r\n`,
  );
  expect((await inBucket(arm)).status).toBe(200);
});

test('the Cloud Shell command runs the script only if its hash is that of the generated one', async () => {
  const script = await file('gcp', 'setup.sh');
  const [sha256] = pathOf('setup.sh', script).split('/');
  expect(await file('gcp', 'cloud-shell.sh')).toBe(
    `curl -fsSo setup.sh ${s3}/${sha256}/setup.sh && printf '%s  setup.sh\\n' ${sha256} | sha256sum --check --quiet && sh setup.sh\n`,
  );
});

test('the Cloud Shell command fetches the script and stops if it was altered', async () => {
  const { origin } = bench.sandbox;
  const public_url = `${origin}/aws/s3/${bucketName}/setup`;
  await bench.start({}, { setup: { templates: { ...templates, public_url } } });
  const line = (await file('gcp', 'cloud-shell.sh')).replace('&& sh setup.sh', '&& echo would run');
  const paste = () =>
    inTemporaryDirectory(async (cwd) => {
      const { status, stdout } = await runProgram('bash', ['-c', line], { cwd, env: {} });
      return { status, stdout };
    });
  expect(await paste()).toEqual({ status: 0, stdout: 'would run\n' });
  const path = pathOf('setup.sh', await file('gcp', 'setup.sh'));
  expect((await onS3(origin, 'PUT', `${bucketName}/setup/${path}`, { evil: true })).status).toBe(200);
  expect(await paste()).toMatchObject({ status: 1, stdout: expect.stringContaining('setup.sh: FAILED') });
});

test('if the bucket refuses writes, the files are served and the links open the upload page of the console', async () => {
  await bench.start({}, { setup: { templates: { ...templates, to: 's3://somebody-elses' } } });
  expect([await namesOf('aws'), await namesOf('azure'), await namesOf('gcp')]).toEqual([
    ['cloudformation.json', 'main.tf', 'setup.sh', 'console.uri'],
    ['azuredeploy.json', 'main.bicep', 'main.tf', 'setup.sh', 'portal.uri'],
    ['setup.sh', 'main.tf', 'requests.json', 'cloud-shell.uri'],
  ]);
  expect(bench.server.logged()).toContain('cannot publish a set-up file; leaving its link out');
  const [secret = ''] = /ASIA[A-Z0-9]{16}/.exec(bench.server.logged()) ?? [];
  expect(secret).toBe('');
});
