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
import { createTokenFiles } from '../../../src/tools/agent/token-files.ts';
import { apiToken, problem, script } from '../sdk/arrange.ts';
import { testAgent } from './arrange.ts';

const around = await mkdtemp(join(tmpdir(), 'sojourn-agent-'));
afterAll(() => rm(around, { recursive: true, force: true }));

let count = 0;
const newPath = () => join(around, `directory-${++count}`);
const modeOf = async (path: string) => ((await lstat(path)).mode & 0o777).toString(8);

describe('the directory of the agent', () => {
  test('is created if missing, and closed to other users', async () => {
    const folder = join(newPath(), 'inner');
    await openDirectory(folder, []);
    expect(await modeOf(folder)).toBe('700');
  });

  const faulty: Record<string, (folder: string) => Promise<string>> = {
    'is readable by other users': async (folder) => {
      await mkdir(folder, { mode: 0o755 });
      return 'has mode 0755 and must be closed to other users: chmod 700';
    },
    'is accessible to the group': async (folder) => {
      await mkdir(folder);
      await chmod(folder, 0o710);
      return 'has mode 0710 and must be closed to other users: chmod 700';
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
    'is below a file': async (folder) => {
      await writeFile(folder, '');
      return 'cannot be created (ENOTDIR)';
    },
  };

  test.each(Object.keys(faulty))('is rejected with its path if it %s', async (problem) => {
    const folder = newPath();
    const message = await faulty[problem]!(folder);
    const path = problem === 'is below a file' ? join(folder, 'inner') : folder;
    await expect(openDirectory(path, [])).rejects.toMatchObject({
      code: 'config_invalid',
      message: `directory: ${path} ${message}`,
      faults: [{ path: 'directory', message: `${path} ${message}` }],
    });
  });

  test('is rejected with its path if it belongs to another user or is not writable', async () => {
    const folder = newPath();
    await mkdir(folder, { mode: 0o500 });
    const uid = process.geteuid!();
    const isRoot = uid === 0;
    // Root can write everywhere, and only root can change the owner.
    if (isRoot) await chown(folder, 65_534, 65_534);
    await expect(openDirectory(folder, [])).rejects.toMatchObject({
      message: isRoot
        ? `directory: ${folder} belongs to user 65534, but the agent runs as user ${uid}`
        : `directory: ${folder} is not writable (EACCES)`,
    });
  });

  test('is cleaned of files and temporary files that an earlier agent left, and of no others', async () => {
    const folder = newPath();
    await mkdir(folder, { mode: 0o700 });
    for (const name of ['acme.token', '.acme.token.0123456789ab.tmp', 'notes', '.notes.0123456789ab.tmp'])
      await writeFile(join(folder, name), 'old');
    await openDirectory(folder, ['acme.token']);
    expect((await readdir(folder)).toSorted()).toEqual(['.notes.0123456789ab.tmp', 'notes']);
  });

  test('gets files with mode 0600 and without a line end, which replace links and files of the same name', async () => {
    const folder = newPath();
    const directory = await openDirectory(folder, []);
    await symlink('/etc/hostname', join(folder, 'acme.token'));
    await directory.write('acme.token', 'secret');
    expect(await readFile(join(folder, 'acme.token'), 'utf8')).toBe('secret');
    expect(await modeOf(join(folder, 'acme.token'))).toBe('600');
    expect(await readdir(folder)).toEqual(['acme.token']);
  });

  test('keeps no temporary file after a failed write, and the error names the file', async () => {
    const folder = newPath();
    const directory = await openDirectory(folder, []);
    await mkdir(join(folder, 'acme.token'));
    await expect(directory.write('acme.token', 'secret')).rejects.toMatchObject({
      code: 'agent_file_unwritable',
      message: `${join(folder, 'acme.token')} cannot be written (EISDIR).`,
    });
    expect(await readdir(folder)).toEqual(['acme.token']);
  });
});

/** Reads in a loop until stdin has data, and prints every partial or expired content that it read. */
const reader = `
const { readFileSync } = require('node:fs');
let end = false; let reads = 0; const bad = [];
process.stdin.on('data', () => { end = true; });
function readMany() {
  for (let i = 0; i < 50; i++) {
    try {
      const text = readFileSync(process.argv[1], 'utf8');
      reads++;
      const { until, filling } = JSON.parse(text);
      if (until <= Date.now()) bad.push('expired'); else if (filling.length !== 4000) bad.push('partial');
    } catch (error) { if (error.code !== 'ENOENT') bad.push(String(error)); }
  }
  if (end) console.log(JSON.stringify({ reads, bad })); else setImmediate(readMany);
}
console.log('reading'); readMany(); process.stdin.on('end', () => process.exit());
`;

test('a program that reads a token file in a loop sees no partial and no expired token during 1,000 refreshes', async () => {
  const folder = newPath();
  const files = createTokenFiles(await openDirectory(folder, []), Date.now);
  const child = spawn(process.execPath, ['-e', reader, join(folder, 'acme.token')], { timeout: 60_000 });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const filling = 'x'.repeat(4000);
  for (let refresh = 0; refresh < 1000; refresh++) {
    // Every hundredth expires so soon that sweep must remove it; the next write replaces it.
    const until = Date.now() + (refresh % 100 === 0 ? 10_020 : 60_000);
    const written = files.write('acme.token', JSON.stringify({ until, filling }), until);
    await Promise.all([written, files.sweep()]);
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

test('a token file is removed in time even if the clock is set back', async () => {
  const server = await script();
  const tokenPath = 'GET /v1/connections/con_1/token';
  server.answers = { 'POST /token': [apiToken()], [tokenPath]: [apiToken('cloud-token')] };
  let offset = 0;
  const agent = await testAgent(server.origin, {
    now: () => Date.now() + offset,
    connections: [{ id: 'con_1', aws: { token_file: 'acme' } }],
    directory: newPath(),
  });
  try {
    expect((await readdir(agent.directory)).toSorted()).toEqual(['acme', 'authorization', 'endpoint']);
    server.answers[tokenPath] = [problem(503, 'store_unavailable', 'It is away.', 'Wait.')];
    offset = -3_600_000;
    await until(() => agent.lines('agent.clock_jumped').length === 1);
    expect(await readdir(agent.directory)).toContain('acme');
    // Less than 10 of its 300 seconds remain.
    offset += 291_000;
    await until(async () => !(await readdir(agent.directory)).includes('acme'));
    expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint']);
  } finally {
    await agent.close();
    await server.close();
  }
}, 30_000);

/** Waits up to five seconds for the condition. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempts = 0; attempts < 100 && !(await condition()); attempts++)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
