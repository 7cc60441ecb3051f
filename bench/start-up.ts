/**
 * Duration of `sojourn credentials`, which tools run for each refresh, with a server or agent that answers at once. An
 * empty program shows the share of Node itself. Target: 150 ms above that.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const rounds = 15;
const program = join(import.meta.dirname, '../bin/sojourn.js');

const server = http.createServer((request, response) => {
  request.resume();
  response.end(
    request.url === '/token' ? '{"access_token":"a","token_type":"Bearer","expires_in":300}' : '{}',
  );
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

const home = mkdtempSync(join(tmpdir(), 'sojourn-bench-'));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
// The files of a running agent.
writeFileSync(join(home, 'endpoint'), origin);
writeFileSync(join(home, 'authorization'), 'a');
const env = {
  // For the compile cache.
  HOME: home,
  SOJOURN_ISSUER: origin,
  SOJOURN_CLIENT_ID: 'cli_1',
  SOJOURN_CLIENT_SECRET: 'sjs_1',
};
const commands: Readonly<Record<string, readonly string[]>> = {
  'an empty program': ['-e', '0'],
  'sojourn credentials': [program, 'credentials', 'con_1'],
  'the same, from an agent': [program, 'credentials', 'con_1', '--agent', home],
  'sojourn tenant list --help': [program, 'tenant', 'list', '--help'],
};

/** Interleaved, so that a busy moment of the machine affects all commands. */
const times = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, argv] of Object.entries(commands)) {
    const startedAt = performance.now();
    await run(process.execPath, [...argv], { env });
    times.get(name)?.push(performance.now() - startedAt);
  }
}
const medians = [...times].map(([name, all]) => {
  const sorted = all.toSorted((a, b) => a - b);
  return { name, least: sorted[0] ?? 0, median: sorted[Math.floor(rounds / 2)] ?? 0 };
});
const empty = medians[0]?.median ?? 0;
for (const { name, least, median } of medians) {
  const own = `${(median - empty).toFixed(0).padStart(4)} ms above an empty program, ${(median / empty).toFixed(1)} times as long`;
  console.log(
    `${name.padEnd(27)} median ${median.toFixed(0).padStart(4)} ms (${own}), least ${least.toFixed(0)} ms`,
  );
}
server.close();
server.closeAllConnections();
rmSync(home, { recursive: true });
