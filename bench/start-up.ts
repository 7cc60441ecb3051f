/**
 * How long `sojourn credentials` takes by itself, as a tool runs it for each refresh: the server, or the agent, answers at
 * once. What an empty program takes stands beside it, since that is Node's share. Target: 150 ms of our own.
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
// What an agent writes about itself.
writeFileSync(join(home, 'endpoint'), origin);
writeFileSync(join(home, 'authorization'), 'a');
const env = {
  // Where the command keeps what it compiled.
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

/** Interleaved, so that a busy moment of the machine hits all of them. */
const times = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, argv] of Object.entries(commands)) {
    const begun = performance.now();
    await run(process.execPath, [...argv], { env });
    times.get(name)?.push(performance.now() - begun);
  }
}
const medians = [...times].map(([name, all]) => {
  const sorted = all.toSorted((one, other) => one - other);
  return { name, least: sorted[0] ?? 0, median: sorted[Math.floor(rounds / 2)] ?? 0 };
});
const empty = medians[0]?.median ?? 0;
for (const { name, least, median } of medians) {
  const own = `${(median - empty).toFixed(0).padStart(4)} ms of our own, ${(median / empty).toFixed(1)} times an empty one`;
  console.log(
    `${name.padEnd(27)} median ${median.toFixed(0).padStart(4)} ms (${own}), least ${least.toFixed(0)} ms`,
  );
}
server.close();
server.closeAllConnections();
rmSync(home, { recursive: true });
