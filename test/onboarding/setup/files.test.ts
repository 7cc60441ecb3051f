/** What is asked of the set-up files from inside the server, where the invitation is known that they report to. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/access/connections/index.ts';
import { type SetupFacts, setUpOf } from '../../../src/clouds/index.ts';
import { activatedConnections } from '../../../src/onboarding/setup/established.ts';
import { createSetupFiles, type SetupFiles } from '../../../src/onboarding/setup/files.ts';
import type { SetupRequest } from '../../../src/onboarding/setup/request.ts';
import { createModules } from '../../support/modules.ts';

let bench: Awaited<ReturnType<typeof createModules>>;
let artefacts: SetupFiles;
let connection: Connection;

beforeAll(async () => {
  bench = await createModules();
  const { connections, tenants } = bench;
  artefacts = createSetupFiles({
    ...{ vendor: 'Vendor', connections, tenants, permissions: {} },
    keysFor: async () => [],
    publish: async () => undefined,
  });
  const { id: tenant } = await tenants.create({ name: 'Acme' });
  connection = await connections.create({ name: 'prod', tenant, cloud: 'aws', target: {} });
});
afterAll(() => bench.end());

const callback = 'https://id.example.com/connect/inv_1/report';

test('every set-up file that can report uses the callback, and none reports without one', async () => {
  const reporting = async (request?: { callback: string }) =>
    (await artefacts.files(connection, request))
      .filter(({ content }) => content.includes(callback))
      .map(({ name }) => name);
  expect([await reporting({ callback }), await reporting()]).toEqual([
    ['cloudformation.json', 'main.tf', 'setup.sh'],
    [],
  ]);
  const { content } = await artefacts.file(connection, 'setup.sh', { callback });
  expect(content).toContain(`REPORT_TO=${callback}\n`);
  expect(bench.logged()).not.toContain(callback);
});

test.each([
  'http://id.example.com/x',
  'ftp://a/b',
  'https://',
  'https://a b',
  'https://a/{{resolve:ssm:x}}',
  "https://a/'\n",
  '/connect/x',
])('the set-up files refuse %j as a callback', async (place) => {
  await expect(artefacts.files(connection, { callback: place })).rejects.toMatchObject({
    code: 'invalid_request',
    faults: [{ path: 'callback', message: 'must be an https URL' }],
  });
});

describe('the files of a second connection', () => {
  const created = async (cloud: 'aws' | 'gcp', target: object, tenant = connection.tenant) =>
    bench.connections.create({ name: 'more', tenant, cloud, target: { ...target } });
  const activate = (one: Connection) => bench.connections.setVerdict(one, 'active', { actor: 'admin' });
  const roleIn = (account: string) => ({ role_arn: `arn:aws:iam::${account}:role/vendor` });
  const contentsOf = async (one: Connection, request?: SetupRequest) =>
    new Map((await artefacts.files(one, request)).map(({ name, content }) => [name, content]));
  const defaults = async (one: Connection, request?: SetupRequest) => {
    const files = await contentsOf(one, request);
    const { Parameters } = JSON.parse(files.get('cloudformation.json') ?? '');
    return [
      Parameters.CreateProvider.Default,
      /variable "create_provider" {\n {2}type {8}= bool\n {2}default {5}= (true|false)/.exec(
        files.get('main.tf') ?? '',
      )?.[1],
    ];
  };

  test('reuse the OIDC provider of an account in which a connection was active before', async () => {
    const tenant = (await bench.tenants.create({ name: 'Reuse' })).id;
    const first = await created('aws', roleIn('111122223333'), tenant);
    const [unknown, same, other, china] = [
      await created('aws', {}, tenant),
      await created('aws', { role_arn: 'arn:aws:iam::111122223333:role/two' }, tenant),
      await created('aws', roleIn('444455556666'), tenant),
      await created('aws', { region: 'cn-north-1' }, tenant),
    ];
    const foreign = await created('aws', roleIn('111122223333'));
    const yes = ['true', 'true'];
    const no = ['false', 'false'];
    const all = async () =>
      Promise.all([first, unknown, same, other, china, foreign].map((one) => defaults(one)));
    expect(await all()).toEqual([yes, yes, yes, yes, yes, yes]);

    const active = await activate(first);
    expect(await all()).toEqual([yes, no, no, yes, yes, yes]);
    expect(await defaults(same, { existing_provider: false })).toEqual(yes);
    const script = (await contentsOf(unknown)).get('setup.sh');
    expect(script).toContain('aws iam create-open-id-connect-provider');
    expect((await contentsOf(unknown)).get('cloudformation.json')).toContain(
      `The set-up of connection ${first.id} created it; choose true in another account.`,
    );

    // With connections in two accounts, nothing says in which one the next will be.
    await activate(other);
    expect(await defaults(unknown)).toEqual(yes);
    // New files of the first connection keep its provider after the second one became active.
    await activate(same);
    expect(await defaults(active)).toEqual(yes);
  });

  test('are made with one read of at most 100 connections, because each view of a page needs it', async () => {
    const asked: unknown[] = [];
    const list: typeof bench.connections.list = (query) => {
      asked.push(query);
      return bench.connections.list(query);
    };
    const tenant = (await bench.tenants.create({ name: 'Large' })).id;
    const active = await activate(await created('aws', roleIn('111122223333'), tenant));
    await created('aws', {}, tenant);
    expect(await activatedConnections(tenant, { list })).toEqual([active]);
    expect(asked).toEqual([{ within: tenant, limit: 100 }]);
  });

  test('reuse the pool of a project in which a connection was active before', async () => {
    const tenant = (await bench.tenants.create({ name: 'Pool' })).id;
    const inPool = (pool_id: string, provider_id: string) => ({
      project_number: '123456789',
      pool_id,
      provider_id,
    });
    const first = await created('gcp', inPool('sojourn-a1', 'con-a1'), tenant);
    const [same, other] = [
      await created('gcp', inPool('sojourn-a1', 'con-b2'), tenant),
      await created('gcp', inPool('sojourn-c3', 'con-c3'), tenant),
    ];
    await activate(first);
    const kinds = async (one: Connection) => {
      const files = await contentsOf(one);
      const requests = JSON.parse(files.get('requests.json') ?? '') as { kind: string }[];
      return [
        requests.map(({ kind }) => kind),
        /variable "create_pool" {\n {2}type {8}= bool\n {2}default {5}= (true|false)/.exec(
          files.get('main.tf') ?? '',
        )?.[1],
        files.get('setup.sh')?.includes('workload-identity-pools create '),
      ];
    };
    expect([await kinds(first), await kinds(same), await kinds(other)]).toEqual([
      [['create_pool', 'create_provider'], 'true', true],
      [['create_provider'], 'false', true],
      [['create_pool', 'create_provider'], 'true', true],
    ]);
  });

  test('name a stack of their own, in titles, commands and links', async () => {
    const [one, two] = [await created('aws', {}), await created('aws', {})];
    const names = await Promise.all(
      [one, two].map(async ({ id, cloud, target }) => {
        const { guide, links } = setUpOf(cloud);
        const commands = guide
          .methods(target, { urlOf: () => 'https://a', contentOf: () => '' }, { connection: { id } })
          .flatMap(({ steps }) =>
            steps.flatMap(({ command = '' }) => /--stack-name (\S+)/.exec(command)?.[1] ?? []),
          );
        const files = await artefacts.files(id === one.id ? one : two);
        const title = files.find(({ name }) => name === 'cloudformation.json')?.title ?? '';
        const published = new Map([
          ['cloudformation.json', { url: 'https://b.s3.amazonaws.com/t', sha256: '' }],
        ]);
        const [link] = links(target, { connection: { id } } as SetupFacts, published);
        return [
          ...commands,
          /--stack-name (\S+)/.exec(title)?.[1],
          /stackName=([^&\s]+)/.exec(link?.content ?? '')?.[1],
        ];
      }),
    );
    expect(names).toEqual([one, two].map(({ id }) => Array(3).fill(`sojourn-${id.replace('_', '-')}`)));
  });
});
