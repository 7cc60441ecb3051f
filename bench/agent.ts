/**
 * Memory of `sojourn agent` with 10,000 connections, each with credentials and a token. Runs the built program as in the
 * image, against a server whose responses have realistic sizes. Target: 120 MB resident, ten seconds after the cache is
 * full.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../src/sandbox/demo/local-server.ts';
import { buildInto } from '../test/support/build.ts';

const count = Number(process.argv[2] ?? 10_000);
const targetMb = 120;
const folder = mkdtempSync(join(tmpdir(), 'sojourn-bench-'));

/** A session token of STS has about 900 characters, a cloud token signed with RS256 about 700. */
const text = (length: number, seed: string): string => seed.padEnd(length, 'abcdefghijklmnopqrstuvwxyz');
const keysOf = (id: string) => ({
  access_key_id: text(20, 'ASIA'),
  secret_access_key: text(40, id),
  session_token: text(900, id),
});
const server = createServer((request, response) => {
  const { url = '' } = request;
  request.resume();
  const expires_at = new Date(Date.now() + 3_600_000).toISOString();
  const id = url.slice(16, 46);
  const body = url.includes('/credentials')
    ? { connection: id, cloud: 'aws', expires_at, credentials: keysOf(id) }
    : { access_token: text(700, id), token_type: 'Bearer', expires_in: 3600 };
  response.end(JSON.stringify(body));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
const agentPort = await freePort();

const config = join(folder, 'agent.yaml');
const secret = join(folder, 'secret');
writeFileSync(secret, 'secret');
const connections = Array.from({ length: count }, (_, index) => ({
  id: `con_01kb${String(index).padStart(22, '0')}`,
  aws: { container_endpoint: true, token_file: `token-${index}` },
}));
writeFileSync(
  config,
  [
    `issuer: http://127.0.0.1:${port}`,
    `sign_in: { client_id: cli_1, client_secret_file: ${secret} }`,
    `listen: 127.0.0.1:${agentPort}`,
    `directory: ${join(folder, 'files')}`,
    'connections:',
    ...connections.map((connection) => `  - ${JSON.stringify(connection)}`),
  ].join('\n'),
);

await buildInto(folder);
symlinkSync(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
const agent = spawn(process.execPath, [join(folder, 'bin/sojourn.js'), 'agent', '--config', config], {
  // No HOME, so that the agent finds no compile cache, as in the image.
  env: { MALLOC_ARENA_MAX: '2' },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const residentMb = (): number =>
  (Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]) * 1024) / 1e6;
try {
  const startedAt = Date.now();
  const readyEntries = async () => {
    const authorization = readFileSync(join(folder, 'files/authorization'), 'utf8');
    const answer = await fetch(`http://127.0.0.1:${agentPort}/metrics`, { headers: { authorization } });
    return Number(/^sojourn_agent_cache_entries\{state="ready"\} (\d+)$/m.exec(await answer.text())?.[1]);
  };
  while ((await readyEntries().catch(() => 0)) < 2 * count) {
    if (agent.exitCode !== null) throw new Error('the agent ended');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const filled = (Date.now() - startedAt) / 1000;
  const peak = residentMb();
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  console.log(`${count} connections, ${2 * count} cache entries, ready after ${filled.toFixed(0)} s`);
  const resident = residentMb();
  console.log(
    `resident: ${peak.toFixed(0)} MB when ready, ${resident.toFixed(0)} MB ten seconds later (target ${targetMb})`,
  );
  if (resident > targetMb) process.exitCode = 1;
} finally {
  agent.kill('SIGKILL');
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}
