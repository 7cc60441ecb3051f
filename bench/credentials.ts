/**
 * Cached credentials over HTTP: CPU time per request, as a ratio to a minimal HTTP server in the same run, and latency
 * for a single caller. Targets: 4 × hello, and under 5 ms.
 */
import { sendLoad } from './load.ts';
import { type Subject, startSubject } from './subject.ts';

const names = ['hello', 'credentials'] as const;
const rounds = 5;
const perRound = 2_000;
const connections = 32;

const median = (values: readonly number[], share = 0.5): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;

const subjects = new Map<string, Subject>();
const cpu = new Map<string, number[]>(names.map((name) => [name, []]));
const latencies = new Map<string, number[]>(names.map((name) => [name, []]));
try {
  for (const name of names) subjects.set(name, await startSubject(name));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { target, cpu: cpuOf }] of subjects) {
      if (!target) throw new Error(`${name} has no address`);
      const before = await cpuOf();
      await sendLoad({ ...target, requests: perRound, connections });
      const used = ((await cpuOf()) - before) / perRound;
      const latenciesMs: number[] = [];
      await sendLoad({ ...target, requests: 500, connections: 1, latenciesMs });
      // The first round is a warm-up and does not count.
      if (round === 0) continue;
      cpu.get(name)?.push(used);
      latencies.get(name)?.push(...latenciesMs);
    }
    process.stderr.write(round === 0 ? 'warmed up\n' : `round ${round} of ${rounds}\n`);
  }
} finally {
  for (const subject of subjects.values()) await subject.stop();
}

const hello = median(cpu.get('hello') ?? []);
const rows = names.map((name) => ({
  subject: name,
  cpu_us_per_request: Math.round(median(cpu.get(name) ?? [])),
  ratio_to_hello: Number((median(cpu.get(name) ?? []) / hello).toFixed(2)),
  wait_ms: Number(median(latencies.get(name) ?? []).toFixed(2)),
  wait_ms_p99: Number(median(latencies.get(name) ?? [], 0.99).toFixed(2)),
}));
if (process.argv.includes('--json')) console.log(JSON.stringify(rows));
else {
  console.log(
    `\n${''.padEnd(14)}${'CPU µs'.padStart(8)}${'× hello'.padStart(9)}${'wait ms'.padStart(9)}${'p99'.padStart(8)}`,
  );
  for (const row of rows)
    console.log(
      `${row.subject.padEnd(14)}${String(row.cpu_us_per_request).padStart(8)}${row.ratio_to_hello.toFixed(2).padStart(9)}${row.wait_ms.toFixed(2).padStart(9)}${row.wait_ms_p99.toFixed(2).padStart(8)}`,
    );
}
