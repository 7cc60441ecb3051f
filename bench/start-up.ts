/**
 * How long `sojourn credentials` takes by itself, as a tool runs it for each refresh: the server answers at once. What an
 * empty program takes stands beside it, since that is Node's share.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
const env = {
  // Where the command keeps what it compiled.
  HOME: home,
  SOJOURN_ISSUER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  SOJOURN_CLIENT_ID: 'cli_1',
  SOJOURN_CLIENT_SECRET: 'sjs_1',
};
const commands: Readonly<Record<string, readonly string[]>> = {
  'an empty program': ['-e', '0'],
  'sojourn credentials': [program, 'credentials', 'con_1'],
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
for (const [name, all] of times) {
  const sorted = all.toSorted((one, other) => one - other);
  const [least = 0, median = 0] = [sorted[0], sorted[Math.floor(rounds / 2)]];
  console.log(`${name.padEnd(28)} median ${median.toFixed(0).padStart(5)} ms, least ${least.toFixed(0)} ms`);
}
server.close();
server.closeAllConnections();
rmSync(home, { recursive: true });
