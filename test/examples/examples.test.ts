/** Runs every example against the sandbox clouds, with the package installed as a user would install it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../src/sandbox/demo/local-server.ts';
import { textOf } from '../docs/documents.ts';
import { testWith } from '../support/programs.ts';
import { installInto, root } from '../tools/sdk/installed.ts';
import { openStage, type Stage } from '../tools/sdk/stage.ts';

const identity = 'arn:aws:sts::111122223333:assumed-role/sojourn-Role-[A-Z0-9]+/con_[^ "]+';

/** The expected output of each example, and the programs that it needs. */
const examples: Readonly<Record<string, { output: RegExp; needs?: readonly string[] }>> = {
  'sdk-aws': { output: new RegExp(`^${identity}\n$`) },
  'sdk-azure': { output: /^subscription aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\n$/ },
  'sdk-gcp': { output: /^project acme-prod\n$/ },
  'credential-process': { output: new RegExp(`^Wrote aws-config\n${identity}\n$`), needs: ['aws'] },
  'executable-source': { output: /^Wrote acme\.json\nproject acme-prod\n$/, needs: ['jq'] },
  exec: { output: new RegExp(`^${identity}\nAzure until 20.+Z\nGoogle has a token\n$`) },
  terraform: { output: new RegExp(`Apply complete![^]*\narn = "${identity}"\n$`), needs: ['terraform'] },
  'agent-aws': { output: new RegExp(`^${identity}\n$`) },
  'agent-gcp': { output: /^project acme-prod\n$/ },
  'agent-credentials': { output: /^aws until 20.+Z\nazure until 20.+Z\ngcp until 20.+Z\n$/, needs: ['jq'] },
  'shell-env': { output: new RegExp(`^${identity}\n$`), needs: ['aws'] },
};

const folder = mkdtempSync(join(tmpdir(), 'sojourn-examples-'));
const bin = join(folder, 'bin');
let stage: Stage;
let env: Record<string, string>;

beforeAll(async () => {
  await installInto(folder);
  cpSync(join(root, 'examples'), folder, { recursive: true });
  mkdirSync(bin);
  const program = `exec '${process.execPath}' '${join(root, 'bin/sojourn.js')}' "$@"`;
  writeFileSync(join(bin, 'sojourn'), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
  writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  stage = await openStage();
  const { server, sandbox } = stage.pipeline;
  env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: folder,
    ...stage.env,
    SOJOURN_ADMIN_URL: server.adminOrigin,
    SOJOURN_ADMIN_TOKEN: server.adminToken,
    AWS_CONNECTION: stage.customer.aws.id,
    AZURE_CONNECTION: stage.customer.azure.id,
    GCP_CONNECTION: stage.customer.gcp.id,
    SOJOURN_AGENT_LISTEN: `127.0.0.1:${await freePort()}`,
    GOOGLE_CLOUD_PROJECT: 'acme-prod',
    SANDBOX: sandbox,
    ...(existsSync('/opt/tf-plugins') ? { TF_PLUGINS: '/opt/tf-plugins' } : {}),
    CHECKPOINT_DISABLE: '1',
  };
}, 120_000);
afterAll(async () => {
  await stage.pipeline.close();
  rmSync(folder, { recursive: true });
});

test('every folder of examples/ has a test and a row in examples/README.md', () => {
  const folders = readdirSync(join(root, 'examples')).filter((name) => name !== 'README.md');
  expect(Object.keys(examples).toSorted()).toEqual(folders.toSorted());
  const table = textOf('examples/README.md');
  const missing = folders.filter((name) => !table.includes(`| [${name}](${name}/README.md) |`));
  expect(missing).toEqual([]);
});

for (const [name, { output, needs = [] }] of Object.entries(examples)) {
  testWith(needs)(
    `the example ${name} runs unchanged and prints its result`,
    async () => {
      const cwd = join(folder, name);
      const [command, file] = existsSync(join(cwd, 'run.sh')) ? ['sh', 'run.sh'] : ['node', 'main.ts'];
      const child = spawn(command, [file], { cwd, env, timeout: 100_000 });
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
      // Standard error is compared only on failure, because terraform and aws may print warnings.
      const { exitCode: code } = child;
      expect({ code, out, err: code === 0 ? '' : err }).toEqual({
        code: 0,
        out: expect.stringMatching(output),
        err: '',
      });
    },
    120_000,
  );
}
