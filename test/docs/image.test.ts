import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
  rmSync(join(folder, 'dist/tools/agent/config-program.js'));
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

/** A list of the last stage, which is what `docker build .` makes. */
const listOf = (pattern: RegExp): string[] =>
  JSON.parse(pattern.exec(stages.at(-1)!)?.[1] ?? '[]') as string[];

test('the image holds the server that is built, and the image target `sandbox` the sandbox with it; no sources', () => {
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
  // The last stage is what `docker build .` makes.
  expect(copies(server!)).toEqual(['/app/dist → dist']);
  expect(stages).toHaveLength(5);
});

test('the images are of Node 24 and run as a user without rights', () => {
  expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual([
    'node:24-slim',
    'node:24-slim',
    'node:24-slim',
    'runtime',
    'runtime',
  ]);
  expect(dockerfile).toMatch(/^USER node$/m);
});

test("the server's build contains no sandbox, and its commands say where the sandbox is", () => {
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
        'This build contains the server only. Run the command in a clone of the repository, or in an image built with `--target sandbox`.\n',
    });
  }
});

test('the files of the image target `sandbox` are enough for the demo and the sandbox', async () => {
  const place = mkdtempSync(join(tmpdir(), 'sojourn-sandbox-image-'));
  try {
    await buildInto(place, 'tsconfig.sandbox.json');
    for (const name of ['config', ...installed()])
      cpSync(join(root, name), join(place, name), { recursive: true });
    const run = (args: string[]) =>
      spawn(process.execPath, args, { cwd: place, env: { NODE_ENV: 'production' }, stdio: 'pipe' });

    const sandbox = run(['bin/sojourn.js', 'sandbox', '--listen', '127.0.0.1:0']);
    const [line] = (await once(sandbox.stdout, 'data')) as [Buffer];
    const [origin = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(line)) ?? [];
    expect((await fetch(`${origin}/sandbox/log`)).status).toBe(200);
    sandbox.kill('SIGTERM');
    expect((await once(sandbox, 'exit'))[0]).toBe(0);

    expect((await once(run(['bin/sojourn.js', 'demo']), 'exit'))[0]).toBe(0);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}, 120_000);
