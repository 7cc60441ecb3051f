/**
 * How much of our code one token request runs: functions, calls, and crossings to the engine and back, counted by V8's
 * precise coverage. `npm run bench:calls` prints the figures; with `--list` the functions too.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import inspector, { type Profiler } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startLocalServer } from '../src/sandbox/demo/local-server.ts';

/** Where control passes between the engine and our code: by file, the functions that one calls of the other. */
const crossings: Readonly<Record<string, RegExp>> = {
  // Into the engine.
  'engine.ts': /^(issue|keepError|findClient|renderError)$/,
  // From the engine.
  'authenticate.ts': /^matchesSecret$/,
  'adapter.ts': /^(upsert|find)$/,
  'certificate.ts': /^(getCertificate|certificateAuthorized|certificateSubjectMatches)$/,
};

const folder = mkdtempSync(join(tmpdir(), 'sojourn-calls-'));
const server = await startLocalServer({ folder, port: await freePort() });
const tenant = await server.admin.post<{ id: string }>('/tenants', { name: 'Bench' });
const connection = await server.admin.post<{ id: string }>('/connections', {
  name: 'bench',
  tenant: tenant.id,
  cloud: 'aws',
});
const client = await server.admin.post<{ client_id: string; client_secret: string }>('/clients', {
  name: 'bench',
  may_use: [{ connection: connection.id }],
});
const body = new URLSearchParams({
  grant_type: 'client_credentials',
  client_id: client.client_id,
  client_secret: client.client_secret,
  resource: `urn:sojourn:connection:${connection.id}`,
});
const request = async () => {
  const { status } = await fetch(`${server.issuer}/token`, { method: 'POST', body });
  if (status !== 200) throw new Error(`/token answered ${status}`);
};
for (let warmUp = 0; warmUp < 3; warmUp++) await request();

const session = new inspector.Session();
session.connect();
await session.post('Profiler.enable');
// Timers run in between: what belongs to a request is what each of several requests ran.
let busy = await calls(request);
for (let round = 1; round < 8; round++) {
  const other = await calls(request);
  busy = new Map(
    [...busy].flatMap(([name, count]) => {
      const again = other.get(name);
      return again === undefined ? [] : [[name, Math.min(count, again)] as const];
    }),
  );
}
session.disconnect();
await server.close();
rmSync(folder, { recursive: true, force: true });

const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);
const crossed = [...busy].filter(([name]) => {
  const [file = '', called = ''] = name.split(' ');
  return crossings[file.split('/').at(-1) ?? '']?.test(called);
});
if (process.argv.includes('--list'))
  for (const [name, count] of [...busy].toSorted()) console.log(String(count).padStart(4), name);
console.log(`functions of ours   ${busy.size}`);
console.log(`calls of ours       ${sum(busy.values())}`);
console.log(`crossings           ${sum(crossed.map(([, count]) => count))}`);

/** The functions of `src/` that ran during the work, with the number of their calls. */
async function calls(work: () => Promise<unknown>): Promise<Map<string, number>> {
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  await work();
  // The response is sent before the last functions of the request end.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { result } = (await session.post('Profiler.takePreciseCoverage')) as {
    result: readonly Profiler.ScriptCoverage[];
  };
  await session.post('Profiler.stopPreciseCoverage');
  return new Map(
    result
      .filter(
        ({ url }) => url.includes('/src/') && !url.includes('/sandbox/') && !url.includes('node_modules'),
      )
      .flatMap(({ url, functions }) =>
        functions.flatMap(({ functionName, ranges: [range] }) =>
          range && range.count > 0 && functionName !== ''
            ? [[`${url.split('/src/')[1]} ${functionName}`, range.count] as const]
            : range && range.count > 0 && functions.length > 1 && range.startOffset > 0
              ? [[`${url.split('/src/')[1]} @${range.startOffset}`, range.count] as const]
              : [],
        ),
      ),
  );
}
