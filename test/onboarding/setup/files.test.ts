/** What is asked of the set-up files from inside the server, where the invitation is known that they report to. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/access/connections/index.ts';
import { createSetupFiles, type SetupFiles } from '../../../src/onboarding/setup/files.ts';
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
