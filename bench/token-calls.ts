/**
 * How much of our code one token request runs, counted by V8's precise coverage: distinct functions, entries of functions
 * (V8 counts an async function again when it resumes), and crossings to the engine and back. `npm run bench:calls` prints
 * the figures; with `--list` the functions too; with `--json` all of it as JSON.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import inspector, { type Profiler } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startLocalServer } from '../src/sandbox/demo/local-server.ts';

/**
 * The functions of the files that deal with the engine. `crossings`: how often one call of the function passes control to
 * the engine or back. `entries`: how often V8 counts one call, once more for each await.
 */
const engineFiles: Readonly<Record<string, Readonly<Record<string, Point>>>> = {
  'tokens/issuer/engine.ts': {
    // Calls createContext and the middleware.
    runEngine: { crossings: 2, entries: 2 },
    engineForm: { crossings: 0, entries: 1 },
  },
  'tokens/issuer/issue-token.ts': {
    issueToken: { crossings: 1, entries: 6 },
    describeCloudToken: { crossings: 0, entries: 1 },
    newJti: { crossings: 0, entries: 1 },
    noteSecretUse: { crossings: 0, entries: 2 },
  },
  'tokens/issuer/authenticate.ts': {
    findClient: { crossings: 1, entries: 2 },
    matchesSecret: { crossings: 1, entries: 1 },
  },
  'tokens/issuer/adapter.ts': {},
  'tokens/issuer/certificate.ts': {},
};

interface Point {
  readonly crossings: number;
  readonly entries: number;
}

const rounds = 8;
const sources = new URL('../src/', import.meta.url).href;
const sandbox = new URL('sandbox/', sources).href;
/** Looks for unsealed audit lines five times a second, so on a busy machine it runs beside each request. */
const background =
  /^platform\/(time\/|audit\/sealer\.ts|store\/sqlite\/(tree\.ts|journal-reader\.ts|journal\.ts lines))/;

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
// One connection, however slow the machine is: a new one would add the functions that accept it.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const request = async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const sent = http.request(`${server.issuer}/token`, { method: 'POST', agent, headers });
  sent.end(body.toString());
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  await once(response.resume(), 'end');
  if (response.statusCode !== 200) throw new Error(`/token answered ${response.statusCode}`);
};
for (let warmUp = 0; warmUp < 3; warmUp++) await request();

interface Entered {
  readonly file: string;
  /** Its name, or its position if it has none. */
  readonly name: string;
  readonly entries: number;
}

const session = new inspector.Session();
session.connect();
await session.post('Profiler.enable');
// Timers run in between: what belongs to a request is what each of several requests ran.
let entered = await functionsEnteredBy(request);
for (let round = 1; round < rounds; round++) {
  const again = await functionsEnteredBy(request);
  entered = new Map(
    [...entered].flatMap(([key, one]) => {
      const entries = Math.min(one.entries, again.get(key)?.entries ?? 0);
      return entries === 0 ? [] : [[key, { ...one, entries }]];
    }),
  );
}
session.disconnect();
agent.destroy();
await server.close();
rmSync(folder, { recursive: true, force: true });

const functions = [...entered.values()].toSorted((a, b) =>
  `${a.file} ${a.name}`.localeCompare(`${b.file} ${b.name}`, 'en'),
);
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
const figures = {
  functions: functions.length,
  entries: sum(functions.map(({ entries }) => entries)),
  crossings: sum(functions.map(crossingsOf)),
};
if (process.argv.includes('--json')) console.log(JSON.stringify({ ...figures, list: functions }));
else {
  if (process.argv.includes('--list'))
    for (const { file, name, entries } of functions)
      console.log(`${String(entries).padStart(4)} ${file} ${name}`);
  console.log(`functions of ours   ${figures.functions}`);
  console.log(`entries of them     ${figures.entries}`);
  console.log(`crossings           ${figures.crossings}`);
}

function crossingsOf({ file, name, entries }: Entered): number {
  const points = engineFiles[file];
  if (!points) return 0;
  const point = points[name];
  if (!point || entries % point.entries !== 0)
    throw new Error(`${file} ${name} was entered ${entries} times: adjust engineFiles`);
  return (entries / point.entries) * point.crossings;
}

/** The functions in `src/` that ran during the work, by file and position. */
async function functionsEnteredBy(work: () => Promise<unknown>): Promise<Map<string, Entered>> {
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  await work();
  // The response is sent before the last functions of the request end.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { result } = (await session.post('Profiler.takePreciseCoverage')) as {
    result: readonly Profiler.ScriptCoverage[];
  };
  await session.post('Profiler.stopPreciseCoverage');
  const all = new Map<string, Entered>();
  for (const { url, functions } of result) {
    if (!url.startsWith(sources) || url.startsWith(sandbox)) continue;
    const file = url.slice(sources.length);
    for (const { functionName, ranges } of functions) {
      // A function's first range is the whole function; that of a module starts at 0.
      const { startOffset, count: entries } = ranges[0]!;
      if (entries === 0 || (functionName === '' && startOffset === 0)) continue;
      const name = functionName || `@${startOffset}`;
      if (!background.test(`${file} ${name}`)) all.set(`${file}@${startOffset}`, { file, name, entries });
    }
  }
  return all;
}
