import { spawn } from 'node:child_process';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openDirectory } from '../../../src/tools/agent/directory.ts';
import { createTokenFiles } from '../../../src/tools/agent/files.ts';
import { apiToken, problem, script } from '../sdk/arrange.ts';
import { testAgent } from './arrange.ts';

const around = await mkdtemp(join(tmpdir(), 'sojourn-agent-'));
afterAll(() => rm(around, { recursive: true, force: true }));

let made = 0;
const fresh = () => join(around, `directory-${++made}`);
const modeOf = async (path: string) => ((await lstat(path)).mode & 0o777).toString(8);

describe('the directory of the agent', () => {
  test('is made where there is none, and closed to others', async () => {
    const folder = join(fresh(), 'inner');
    await openDirectory(folder, []);
    expect(await modeOf(folder)).toBe('700');
  });

  const faulty: Record<string, (folder: string) => Promise<string>> = {
    'is readable by others': async (folder) => {
      await mkdir(folder, { mode: 0o755 });
      return 'has mode 0755, and must be closed to others: chmod 700';
    },
    'can be entered by a group': async (folder) => {
      await mkdir(folder);
      await chmod(folder, 0o710);
      return 'has mode 0710, and must be closed to others: chmod 700';
    },
    'is a symbolic link': async (folder) => {
      await mkdir(`${folder}-real`, { mode: 0o700 });
      await symlink(`${folder}-real`, folder);
      return 'is a symbolic link';
    },
    'is a file': async (folder) => {
      await writeFile(folder, '');
      return 'is not a directory';
    },
    'lies below a file': async (folder) => {
      await writeFile(folder, '');
      return 'cannot be made (ENOTDIR)';
    },
  };

  test.each(Object.keys(faulty))('that %s is refused by name, and nothing is written', async (what) => {
    const folder = fresh();
    const message = await faulty[what]!(folder);
    const path = what === 'lies below a file' ? join(folder, 'inner') : folder;
    await expect(openDirectory(path, [])).rejects.toMatchObject({
      code: 'config_invalid',
      message: `directory: ${path} ${message}`,
      faults: [{ path: 'directory', message: `${path} ${message}` }],
    });
  });

  test('that belongs to somebody else, or cannot be written, is refused by name', async () => {
    const folder = fresh();
    await mkdir(folder, { mode: 0o500 });
    const uid = process.geteuid!();
    const isRoot = uid === 0;
    // To root every folder is writable, and only root may give one away.
    if (isRoot) await chown(folder, 65_534, 65_534);
    await expect(openDirectory(folder, [])).rejects.toMatchObject({
      message: isRoot
        ? `directory: ${folder} belongs to the user 65534, not to ${uid} as whom the agent runs`
        : `directory: ${folder} is not writable (EACCES)`,
    });
  });

  test('loses what an agent before left of our files, whole or half written, and nothing else', async () => {
    const folder = fresh();
    await mkdir(folder, { mode: 0o700 });
    for (const name of ['acme.token', '.acme.token.0123456789ab.tmp', 'notes', '.notes.0123456789ab.tmp'])
      await writeFile(join(folder, name), 'old');
    await openDirectory(folder, ['acme.token']);
    expect((await readdir(folder)).toSorted()).toEqual(['.notes.0123456789ab.tmp', 'notes']);
  });

  test('gets files that only their owner can read, with no line end, in the place of whatever was there', async () => {
    const folder = fresh();
    const directory = await openDirectory(folder, []);
    await symlink('/etc/hostname', join(folder, 'acme.token'));
    await directory.write('acme.token', 'secret');
    expect(await readFile(join(folder, 'acme.token'), 'utf8')).toBe('secret');
    expect(await modeOf(join(folder, 'acme.token'))).toBe('600');
    expect(await readdir(folder)).toEqual(['acme.token']);
  });

  test('that cannot be written any more is told by the name of the file, and no half of it stays', async () => {
    const folder = fresh();
    const directory = await openDirectory(folder, []);
    await mkdir(join(folder, 'acme.token'));
    await expect(directory.write('acme.token', 'secret')).rejects.toMatchObject({
      code: 'agent_file_unwritable',
      message: `${join(folder, 'acme.token')} cannot be written (EISDIR).`,
    });
    expect(await readdir(folder)).toEqual(['acme.token']);
  });
});

/** Reads without a pause until it is told to end, and tells what it saw that was not whole or was over. */
const reader = `
const { readFileSync } = require('node:fs');
let end = false; let reads = 0; const bad = [];
process.stdin.on('data', () => { end = true; });
function look() {
  for (let i = 0; i < 50; i++) {
    try {
      const text = readFileSync(process.argv[1], 'utf8');
      reads++;
      const { until, filling } = JSON.parse(text);
      if (until <= Date.now()) bad.push('over'); else if (filling.length !== 4000) bad.push('partial');
    } catch (error) { if (error.code !== 'ENOENT') bad.push(String(error)); }
  }
  if (end) console.log(JSON.stringify({ reads, bad })); else setImmediate(look);
}
console.log('reading'); look(); process.stdin.on('end', () => process.exit());
`;

test('a reader in a loop sees no partial and no expired token during 1,000 refreshes', async () => {
  const folder = fresh();
  const files = createTokenFiles(await openDirectory(folder, []), Date.now);
  const child = spawn(process.execPath, ['-e', reader, join(folder, 'acme.token')], { timeout: 60_000 });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const filling = 'x'.repeat(4000);
  for (let refresh = 0; refresh < 1000; refresh++) {
    // Every hundredth ends so soon that it has to be taken away, and is replaced a moment later.
    const until = Date.now() + (refresh % 100 === 0 ? 10_020 : 60_000);
    const placed = files.place('acme.token', JSON.stringify({ until, filling }), until);
    await Promise.all([placed, files.sweep()]);
    if (refresh % 100 === 0) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      await files.sweep();
      expect(await readdir(folder)).toEqual([]);
    }
  }
  child.stdin.end('end');
  const { reads, bad } = JSON.parse(await text(child.stdout)) as { reads: number; bad: string[] };
  expect(bad).toEqual([]);
  expect(reads).toBeGreaterThan(1000);
  await files.clear();
  expect(await readdir(folder)).toEqual([]);
}, 60_000);

test('a token file does not outlive its token because the clock was set back', async () => {
  const server = await script();
  const tokenPath = 'GET /v1/connections/con_1/token';
  server.answers = { 'POST /token': [apiToken()], [tokenPath]: [apiToken('cloud-token')] };
  let ahead = 0;
  const agent = await testAgent(server.origin, {
    now: () => Date.now() + ahead,
    connections: [{ id: 'con_1', aws: { token_file: 'acme' } }],
    directory: fresh(),
  });
  try {
    expect((await readdir(agent.directory)).toSorted()).toEqual(['acme', 'authorization', 'endpoint']);
    server.answers[tokenPath] = [problem(503, 'store_unavailable', 'It is away.', 'Wait.')];
    ahead = -3_600_000;
    await until(() => agent.lines('agent.clock_jumped').length === 1);
    expect(await readdir(agent.directory)).toContain('acme');
    // Of its 300 seconds less than 10 are left.
    ahead += 291_000;
    await until(async () => !(await readdir(agent.directory)).includes('acme'));
    expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint']);
  } finally {
    await agent.close();
    await server.close();
  }
}, 30_000);

/** Looks for five seconds at most; whoever asks says what there should be. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 100 && !(await isSo()); looks++)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
