/**
 * What a flood does to everyone else: latencies of documents on new connections and of a good client, and the memory of the
 * server with a heap of 512 MB. A minimal node:http server takes the same floods for comparison. The servers run on one
 * core; the generator, at a lower priority, and the measurements on the other. `--json` for programs,
 * `--rounds N`, `--flood NAME`.
 *
 * One round more comes first and is not measured: V8 and malloc keep the pages of a process's highest load, and a server in
 * production has had it. Memory that the server really holds is measured after a garbage collection, before the first
 * round and after the last.
 */
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { floodMs, type Latencies, marginMs, type Target } from './floods/target.ts';

const option = (name: string): string | undefined => process.argv[process.argv.indexOf(name) + 1];
const rounds = process.argv.includes('--rounds') ? Number(option('--rounds')) : 5;
const all = ['pipelining', 'idle', 'sign-ins', 'reloads'] as const;
const floods = process.argv.includes('--flood') ? all.filter((name) => name === option('--flood')) : all;
const names = ['hello', 'sojourn'] as const;
const subjects = { hello: 'flooded-hello', sojourn: 'flooded' } as const;

type Name = (typeof names)[number];
type Flood = (typeof all)[number];
interface Server {
  readonly target: Target;
  readonly process: ChildProcess;
}
interface Round extends Latencies {
  readonly rssMb: number;
}

async function start(name: Name): Promise<Server> {
  const program = join(import.meta.dirname, `subjects/${subjects[name]}.ts`);
  const child = fork(program, { execArgv: ['--max-old-space-size=512', '--expose-gc'] });
  const [target] = (await once(child, 'message')) as [Target];
  await pin(child.pid ?? 0, 0);
  return { target, process: child };
}

/** Also threads that exist already. */
const pin = (pid: number, core: number) =>
  promisify(execFile)('taskset', ['-a', '-c', '-p', String(core), String(pid)]);

/** Runs a program of the folder `floods` on the other core; resolves to what it prints. */
async function run(program: string, nice: number, argv: readonly string[]): Promise<string> {
  const file = join(import.meta.dirname, `floods/${program}.ts`);
  const command = ['-c', '1', 'nice', '-n', String(nice), process.execPath, file, ...argv];
  const child = spawn('taskset', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  return output;
}

const rssMb = ({ process: { pid } }: Server): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
/** Resolves to the memory in use after a garbage collection. */
async function liveMb({ process: child }: Server): Promise<number> {
  child.send('memory');
  const [bytes] = (await once(child, 'message')) as [number];
  return bytes / 1024 / 1024;
}
const isAlive = ({ process: { exitCode, signalCode } }: Server): boolean =>
  exitCode === null && signalCode === null;

async function flooded(server: Server, flood: Flood): Promise<Round> {
  const target = JSON.stringify(server.target);
  const flooding = run('flood', 10, [flood, target]);
  await new Promise((resolve) => setTimeout(resolve, marginMs));
  const measured = await run('measure', 0, [target, String(floodMs - 2 * marginMs)]);
  await flooding;
  return { ...(JSON.parse(measured) as Latencies), rssMb: isAlive(server) ? rssMb(server) : Number.NaN };
}

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? Number.NaN;
const median = (values: readonly number[]): number => quantile(values, 0.5);

const servers: Record<Name, Server> = { hello: await start('hello'), sojourn: await start('sojourn') };
const results = Object.fromEntries(
  floods.map((flood) => [flood, { hello: [] as Round[], sojourn: [] as Round[] }]),
) as Record<Flood, Record<Name, Round[]>>;
// The client of the measurements has signed in before, as real clients have.
await run('measure', 0, [JSON.stringify(servers.sojourn.target), '500']);
/** The memory in use after the warm-up, before the first measured round. */
let liveFirstMb = Number.NaN;
for (const warmUp of [true, false])
  for (const flood of floods)
    for (let round = 1; round <= (warmUp ? 1 : rounds); round++)
      for (const name of names) {
        // A server that has died stays dead: that is a result.
        if (!isAlive(servers[name])) continue;
        if (!warmUp && Number.isNaN(liveFirstMb)) liveFirstMb = await liveMb(servers.sojourn);
        const result = await flooded(servers[name], flood);
        if (!warmUp) results[flood][name].push(result);
      }
const survived = isAlive(servers.sojourn);
const liveLastMb = survived ? await liveMb(servers.sojourn) : Number.NaN;
for (const { process: child } of Object.values(servers)) child.kill();

const rows = floods.map((flood) => {
  const p99 = (name: Name, of: 'documents' | 'client') =>
    median(results[flood][name].map((round) => quantile(round[of], 0.99)));
  const own = results[flood].sojourn;
  return {
    flood,
    rounds: own.length,
    documents_median_ms: median(own.map(({ documents }) => median(documents))),
    documents_p99_ms: p99('sojourn', 'documents'),
    hello_p99_ms: p99('hello', 'documents'),
    client_p99_ms: p99('sojourn', 'client'),
    failures: own.reduce((sum, { failures }) => sum + failures, 0),
    rss_first_mb: own[0]?.rssMb ?? Number.NaN,
    rss_third_mb: own[2]?.rssMb ?? Number.NaN,
  };
});
const misses = rows.flatMap((row) => [
  ...(row.documents_p99_ms > 3 * row.hello_p99_ms ? [`${row.flood}: documents p99 over 3 x hello's`] : []),
  ...(row.documents_p99_ms > 50 ? [`${row.flood}: documents p99 over 50 ms`] : []),
  ...(row.client_p99_ms >= 1_000 ? [`${row.flood}: client p99 not below 1 s`] : []),
  ...(row.rss_third_mb > 1.1 * row.rss_first_mb ? [`${row.flood}: RSS over 1.1 x the first`] : []),
  ...(row.failures > 0 ? [`${row.flood}: ${row.failures} requests failed`] : []),
]);
if (liveLastMb > 1.1 * liveFirstMb) misses.push('live memory over 1.1 x the first');
if (!survived) misses.push('the server has ended');

if (process.argv.includes('--json'))
  console.log(JSON.stringify({ rounds, survived, liveFirstMb, liveLastMb, rows, misses }, null, 2));
else {
  const cell = (value: number) => value.toFixed(1).padStart(9);
  console.log(`medians of ${rounds} rounds; ms, and MB of the server's memory after the flood\n`);
  console.log(
    `${'flood'.padEnd(11)}${['doc p50', 'doc p99', 'hello p99', 'client p99', 'rss 1', 'rss 3'].map((head) => head.padStart(11)).join('')}   failed`,
  );
  for (const row of rows)
    console.log(
      `${row.flood.padEnd(11)}${[row.documents_median_ms, row.documents_p99_ms, row.hello_p99_ms, row.client_p99_ms, row.rss_first_mb, row.rss_third_mb].map((value) => `  ${cell(value)}`).join('')}   ${row.failures}`,
    );
  console.log(`\nlive memory: ${liveFirstMb.toFixed(1)} MB before, ${liveLastMb.toFixed(1)} MB after`);
  console.log(misses.length === 0 ? '\nall targets met' : `\nmissed:\n  ${misses.join('\n  ')}`);
}
