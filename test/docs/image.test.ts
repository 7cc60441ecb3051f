import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { buildInto } from '../support/build.ts';
import { freePort } from '../support/redis.ts';
import { root, textOf } from './documents.ts';

const dockerfile = textOf('Dockerfile');
const folder = mkdtempSync(join(tmpdir(), 'sojourn-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names = '']) =>
  names.split(' '),
);
const stages = dockerfile.split(/^FROM /m).slice(1);

test('.dockerignore lets in what is copied, and nothing else', () => {
  const [first, ...rest] = textOf('.dockerignore').trim().split('\n');
  expect(first).toBe('*');
  expect(rest.toSorted()).toEqual([...new Set(copied)].map((name) => `!${name}`).toSorted());
});

/** What `npm ci --omit=dev --omit=optional` installs, by the lock file: copied, so that nothing else is found. */
function installed(): string[] {
  const { packages } = JSON.parse(textOf('package-lock.json')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.optional && !entry.devOptional)
    .map(([path]) => path);
}

test('the files of the image are enough to serve, and its health check sees that', async () => {
  await buildInto(folder);
  for (const name of ['config', ...installed()])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  const [open, admin] = [await freePort(), await freePort()];
  const env = {
    NODE_ENV: 'production',
    SOJOURN_ISSUER: `http://127.0.0.1:${open}`,
    SOJOURN_LISTEN_PUBLIC: `127.0.0.1:${open}`,
    SOJOURN_LISTEN_ADMIN: `127.0.0.1:${admin}`,
    SOJOURN_ADMIN_URL: `http://127.0.0.1:${admin}`,
  };
  const [entry, command] = ['ENTRYPOINT', 'CMD'].map((word) =>
    listOf(new RegExp(`^${word} (\\[.*\\])$`, 'm')),
  );
  const probe = listOf(/^HEALTHCHECK .* CMD (\[.*\])$/m);
  const run = ([, ...args]: string[]) =>
    spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });

  const server = run([...entry!, ...command!]);
  let told = '';
  const ready = new Promise<void>((resolve) => {
    server.once('exit', () => resolve());
    server.stderr.on('data', (chunk) => {
      told += String(chunk);
      if (told.includes('Sojourn serves')) resolve();
    });
  });
  await ready;
  expect(told).toContain('Sojourn serves');
  expect((await once(run(probe), 'exit'))[0]).toBe(0);
  server.kill('SIGTERM');
  expect((await once(server, 'exit'))[0]).toBe(0);
  expect((await once(run(probe), 'exit'))[0]).toBe(1);
}, 120_000);

test('an agent that gets no second process reads its configuration all the same', async () => {
  const config = join(folder, 'agent.yaml');
  const connection = 'con_01jd0000000000000000000000';
  writeFileSync(
    config,
    `{ issuer: "http://127.0.0.1:9", sign_in: { client_id: cli_1, client_secret_file: /none },
       directory: ${folder}/agent, connections: [{ id: ${connection}, aws: {} }] }`,
  );
  rmSync(join(folder, 'dist/agent/config-program.js'));
  const { status, stderr } = spawnSync(
    process.execPath,
    ['bin/sojourn.js', 'agent', 'status', '--config', config],
    { cwd: folder, env: {}, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `${folder}/agent/endpoint cannot be read (ENOENT).\n→ Start it with \`sojourn agent --config FILE\`, or name its directory with --agent.\n`,
  });
});

const listOf = (pattern: RegExp): string[] => JSON.parse(pattern.exec(dockerfile)?.[1] ?? '[]') as string[];

test('what is served is built, and the sources stay behind', () => {
  const [dependencies, build, image] = stages;
  expect(dependencies).toMatch(/^RUN npm ci --omit=dev --omit=optional --ignore-scripts /m);
  expect(build).toMatch(/^COPY src src\nRUN npm run build$/m);
  const from = [...image!.matchAll(/^COPY (--from=\S+ )?(\S+) \S+$/gm)].map(([, , name]) => name);
  expect(from).toEqual(['/app/node_modules', '/app/dist', 'package.json', 'bin', 'config']);
});

test('the image is of Node 24 and runs as somebody without rights', () => {
  expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual([
    'node:24-slim',
    'node:24-slim',
    'node:24-slim',
  ]);
  expect(dockerfile).toMatch(/^USER node$/m);
});
