import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { addPackagesAndConfig, buildInto } from '../support/build.ts';
import { freePort } from '../support/redis.ts';
import { textOf } from './documents.ts';

const dockerfile = textOf('Dockerfile');
const folder = mkdtempSync(join(tmpdir(), 'sojourn-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const copiedPaths = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names = '']) =>
  names.split(' '),
);
const stages = dockerfile.split(/^FROM /m).slice(1);

test('.dockerignore admits exactly the paths that the Dockerfile copies', () => {
  const [first, ...rest] = textOf('.dockerignore').trim().split('\n');
  expect(first).toBe('*');
  expect(rest.toSorted()).toEqual([...new Set(copiedPaths)].map((name) => `!${name}`).toSorted());
});

test('the server runs from the files of the image, and its health check follows it', async () => {
  await buildInto(folder);
  addPackagesAndConfig(folder);
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
  const healthCheck = listOf(/^HEALTHCHECK .* CMD (\[.*\])$/m);
  const run = ([, ...args]: string[]) =>
    spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });

  // docs/operations.md: the container runs it once before the server.
  const init = run([...entry!, 'init', ...command!.slice(1)]);
  expect((await once(init, 'exit'))[0]).toBe(0);
  const server = run([...entry!, ...command!]);
  let log = '';
  const ready = new Promise<void>((resolve) => {
    server.once('exit', () => resolve());
    server.stderr.on('data', (chunk) => {
      log += String(chunk);
      if (log.includes('Sojourn serves')) resolve();
    });
  });
  await ready;
  expect(log).toContain('Sojourn serves');
  expect((await once(run(healthCheck), 'exit'))[0]).toBe(0);
  server.kill('SIGTERM');
  expect((await once(server, 'exit'))[0]).toBe(0);
  expect((await once(run(healthCheck), 'exit'))[0]).toBe(1);
}, 120_000);

test('the agent reads its configuration in its own process if it cannot start a second one', async () => {
  const config = join(folder, 'agent.yaml');
  const connection = 'con_01jd0000000000000000000000';
  writeFileSync(
    config,
    `{ issuer: "http://127.0.0.1:9", sign_in: { client_id: cli_1, client_secret_file: /none },
       directory: ${folder}/agent, connections: [{ id: ${connection}, aws: {} }] }`,
  );
  rmSync(join(folder, 'dist/tools/agent/config-program.js'));
  const { status, stderr } = spawnSync(
    process.execPath,
    ['bin/sojourn.js', 'agent', 'status', '--config', config],
    { cwd: folder, env: {}, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `${folder}/agent/endpoint cannot be read (ENOENT).\n→ Start the agent with \`sojourn agent --config FILE\`, or pass its directory with --agent.\n`,
  });
});

/** A list in the last stage, which `docker build .` builds. */
const listOf = (pattern: RegExp): string[] =>
  JSON.parse(pattern.exec(stages.at(-1)!)?.[1] ?? '[]') as string[];

test('the image contains the built server, and the image target `sandbox` the server with the sandbox, without sources', () => {
  const [dependencies, build, runtime, sandbox, server] = stages;
  expect(dependencies).toMatch(/^RUN npm ci --omit=dev --omit=optional --ignore-scripts /m);
  expect(build).toMatch(/^COPY src src\nRUN npm run build && npm run build:sandbox$/m);
  const copies = (stage: string) =>
    [...stage.matchAll(/^COPY (--from=\S+ )?(\S+) (\S+)$/gm)].map(([, , from, to]) => `${from} → ${to}`);
  expect(copies(runtime!)).toEqual([
    '/app/node_modules → node_modules',
    'package.json → ./',
    'bin → bin',
    'config → config',
  ]);
  expect(copies(sandbox!)).toEqual(['/app/dist-sandbox → dist']);
  // `docker build .` builds the last stage.
  expect(copies(server!)).toEqual(['/app/dist → dist']);
  expect(stages).toHaveLength(5);
});

test('the images use Node 24 and run as an unprivileged user', () => {
  expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual([
    'node:24-slim',
    'node:24-slim',
    'node:24-slim',
    'runtime',
    'runtime',
  ]);
  expect(dockerfile).toMatch(/^USER node$/m);
});

test("the server's build contains no sandbox, and its demo and sandbox commands say where to find one", () => {
  const built = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' });
  expect(built).toContain('server/compose/index.js');
  expect(built.filter((file) => /(^|\/)(sandbox|demo)/.test(file))).toEqual([]);
  for (const args of [['demo'], ['sandbox', '--listen', '127.0.0.1:0']]) {
    const { status, stderr } = spawnSync(process.execPath, ['bin/sojourn.js', ...args], {
      cwd: folder,
      env: {},
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr:
        'This build contains only the server. Run the command in a clone of the repository, or in an image built with `--target sandbox`.\n',
    });
  }
});
