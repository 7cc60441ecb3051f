/** Every folder of `examples`, run as it stands by somebody who installed the package, against the sandbox clouds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../src/sandbox/demo/local-server.ts';
import { textOf } from '../docs/documents.ts';
import { isInstalled } from '../onboarding/setup/arrange.ts';
import { installInto, root } from '../tools/sdk/installed.ts';
import { openStage, type Stage } from '../tools/sdk/stage.ts';

const identity = 'arn:aws:sts::111122223333:assumed-role/sojourn-Role-[A-Z0-9]+/con_[^ "]+';

/** What each shows at its end, and the programs without which it is not run. */
const examples: Readonly<Record<string, { shows: RegExp; needs?: readonly string[] }>> = {
  'sdk-aws': { shows: new RegExp(`^${identity}\n$`) },
  'sdk-azure': { shows: /^subscription aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\n$/ },
  'sdk-gcp': { shows: /^project acme-prod\n$/ },
  'credential-process': { shows: new RegExp(`^Wrote aws-config\n${identity}\n$`), needs: ['aws'] },
  'executable-source': { shows: /^Wrote acme\.json\nproject acme-prod\n$/, needs: ['jq'] },
  exec: { shows: new RegExp(`^${identity}\nAzure until 20.+Z\nGoogle has a token\n$`) },
  terraform: { shows: new RegExp(`Apply complete![^]*\narn = "${identity}"\n$`), needs: ['terraform'] },
  'agent-aws': { shows: new RegExp(`^${identity}\n$`) },
  'agent-gcp': { shows: /^project acme-prod\n$/ },
  'agent-credentials': { shows: /^aws until 20.+Z\nazure until 20.+Z\ngcp until 20.+Z\n$/, needs: ['jq'] },
  'shell-env': { shows: new RegExp(`^${identity}\n$`), needs: ['aws'] },
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
  const { server, sandbox } = stage.corridor;
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
  await stage.corridor.close();
  rmSync(folder, { recursive: true });
});

test('every folder has its example and its line in the table', () => {
  const folders = readdirSync(join(root, 'examples')).filter((name) => name !== 'README.md');
  expect(Object.keys(examples).toSorted()).toEqual(folders.toSorted());
  const table = textOf('examples/README.md');
  const missing = folders.filter((name) => !table.includes(`| [${name}](${name}/README.md) |`));
  expect(missing).toEqual([]);
});

for (const [name, { shows, needs = [] }] of Object.entries(examples)) {
  const absent = needs.filter((program) => !isInstalled(program));
  if (absent.length > 0) {
    test.todo(`the example ${name}: not run, since ${absent.join(' and ')} is not on this machine`);
    continue;
  }
  test(`the example ${name} runs as it stands`, async () => {
    const cwd = join(folder, name);
    const [command, file] = existsSync(join(cwd, 'run.sh')) ? ['sh', 'run.sh'] : ['node', 'main.ts'];
    const child = spawn(command, [file], { cwd, env, timeout: 100_000 });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    // What went wrong stands in the errors, and is shown in that case alone: terraform and aws may warn.
    const { exitCode: code } = child;
    expect({ code, out, err: code === 0 ? '' : err }).toEqual({
      code: 0,
      out: expect.stringMatching(shows),
      err: '',
    });
  }, 120_000);
}
