/** What `npm run build` makes, as a program of others has it: a package in node_modules, plain JavaScript and types. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { blocks } from '../docs/documents.ts';
import { apiToken, awsUntil, type Script, script } from './arrange.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const folder = mkdtempSync(join(tmpdir(), 'sojourn-built-'));
const installed = join(folder, 'node_modules/sojourn');
let server: Script;

beforeAll(async () => {
  await run(process.execPath, [tsc, '-p', 'tsconfig.sdk.json', '--outDir', join(installed, 'dist/sdk')], {
    cwd: root,
  });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  for (const name of ['jose', '@types', '@smithy', '@aws-sdk', '@azure', 'google-auth-library', 'gaxios']) {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  server = await script();
}, 60_000);
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

test('a plain program imports it and gets credentials', async () => {
  const end = Date.now() + 3_600_000;
  server.answers = {
    'POST /token': [apiToken()],
    'GET /v1/connections/con_1/credentials': [awsUntil(end)],
  };
  const program = join(folder, 'program.js');
  writeFileSync(
    program,
    `import { SojournRequestError, sojournFrom } from 'sojourn/sdk';
     import { awsCredentials } from 'sojourn/sdk/aws';
     import { azureCredential } from 'sojourn/sdk/azure';
     import { gcpRefreshHandler } from 'sojourn/sdk/gcp';
     const sojourn = sojournFrom(process.env);
     console.log(JSON.stringify(await awsCredentials(sojourn, 'con_1')()));
     await gcpRefreshHandler(sojourn, 'con_1')().catch((error) => console.log(error instanceof SojournRequestError));
     await azureCredential(sojourn, 'con_1').getToken([]).catch((error) => console.log(error.code));`,
  );
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
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
    })}\ntrue\ncall_invalid\n`,
    stderr: '',
  });
});

test('its types fit those of the clouds’ SDKs in every example of the page, and tell what is wrong', async () => {
  const examples = blocks('docs/sdk.md', 'ts');
  expect(examples.length).toBeGreaterThan(4);
  const names = examples.map((example, at) => {
    writeFileSync(join(folder, `example-${at}.ts`), example);
    return `example-${at}.ts`;
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
