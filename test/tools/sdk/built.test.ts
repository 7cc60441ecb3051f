/** The built package in node_modules, as users have it: plain JavaScript and types. */
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { blocks } from '../../docs/documents.ts';
import { apiToken, awsUntil, type Script, script } from './arrange.ts';
import { installInto, root, tsc } from './installed.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'sojourn-built-'));
let server: Script;

beforeAll(async () => {
  await installInto(folder);
  server = await script();
}, 60_000);
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

test('a JavaScript program imports the built SDK and gets credentials', async () => {
  const end = Date.now() + 3_600_000;
  server.answers = {
    'POST /token': [apiToken()],
    'GET /v1/connections/con_1/credentials': [awsUntil(end)],
  };
  const program = join(folder, 'program.js');
  writeFileSync(
    program,
    `import { SojournRequestError, sojournFromEnv } from 'sojourn/sdk';
     import { awsCredentials } from 'sojourn/sdk/aws';
     import { azureCredential } from 'sojourn/sdk/azure';
     import { gcpRefreshHandler } from 'sojourn/sdk/gcp';
     const sojourn = sojournFromEnv(process.env);
     console.log(JSON.stringify(await awsCredentials(sojourn, 'con_1')()));
     await gcpRefreshHandler(sojourn, 'con_1')().catch((error) => console.log(error instanceof SojournRequestError));
     await azureCredential(sojourn, 'con_1').getToken([]).catch((error) => console.log(error.code));`,
  );
  const env = {
    SOJOURN_ISSUER: server.origin,
    SOJOURN_CLIENT_ID: 'cli_1',
    SOJOURN_CLIENT_SECRET: 'sjs_1',
  };
  const { stdout, stderr } = await run(process.execPath, [program], { env });
  expect({ stdout, stderr }).toEqual({
    stdout: `${JSON.stringify({
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: 'secret-key',
      sessionToken: 'session',
      expiration: new Date(end),
    })}\ntrue\ninvalid_argument\n`,
    stderr: '',
  });
});

test('the types of the built SDK fit the clouds’ SDKs in every example, and reject a wrong argument', async () => {
  const programs = globSync('examples/*/main.ts', { cwd: root }).map((file) =>
    readFileSync(join(root, file), 'utf8'),
  );
  const examples = [...blocks('docs/sdk.md', 'ts'), ...programs];
  expect(examples.length).toBeGreaterThan(8);
  const names = examples.map((example, index) => {
    writeFileSync(join(folder, `example-${index}.ts`), example);
    return `example-${index}.ts`;
  });
  writeFileSync(
    join(folder, 'wrong.ts'),
    "import { clientSecret } from 'sojourn/sdk';\nclientSecret({ clientId: 'c' });\n",
  );
  const options =
    '--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2024 --types node';
  const { stdout } = (await run(process.execPath, [tsc, ...options.split(' '), ...names, 'wrong.ts'], {
    cwd: folder,
  }).catch((error: unknown) => error)) as { stdout: string };
  const faults = stdout.split('\n').filter((line) => /^\S/.test(line));
  expect(faults).toEqual([expect.stringMatching(/^wrong\.ts\(2,14\): error TS2345/)]);
}, 60_000);
