/**
 * `npm run test:mutation`: changes one place of the sources at a time and runs the tests, which should fail. Options:
 * `--mutants N` (400), `--seed N` (1), `--module NAME` (repeatable), `--jobs N` (2).
 * Works in temporary copies of the repository, so that the work tree never changes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { createRunFolder } from '../support/memory.ts';
import { applyMutant, type Mutant, mutantsOf } from './mutants.ts';
import { importsAny, modules, sourcesOf, stagesOf } from './tests.ts';

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    mutants: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    module: { type: 'string', multiple: true, default: Object.keys(modules) },
  },
});
for (const name of values.module)
  if (!modules[name])
    throw new Error(`--module: must be one of ${Object.keys(modules).join(', ')}, and is ${name}`);

interface Candidate extends Mutant {
  readonly module: string;
  readonly file: string;
}
type Outcome = 'killed' | 'survived' | 'timed out';

const folder = createRunFolder();
const children = new Set<ChildProcess>();

/** The process group: a test may have started processes of its own. */
function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
process.on('exit', () => {
  for (const child of children) kill(child);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const notCopied = new Set(['.git', 'node_modules', 'dist', 'dist-sandbox', 'coverage']);

/** Another copy of the repository with its own folder for temporary files. */
function createCopy(name: string): string {
  const copy = join(folder, name);
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !notCopied.has(relative(root, path).split('/')[0] ?? ''),
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(join(folder, `${name}-tmp`));
  return copy;
}

/** Milliseconds that each test file takes without a mutant. */
const durations = new Map<string, number>();

/** Those that import the changed file come first, then the shortest: most mutants end after a few seconds. */
const inOrder = (tests: readonly string[], file: string): string[] => {
  const isFar = (test: string) => Number(!importsAny(test, [file]));
  return tests.toSorted((a, b) => isFar(a) - isFar(b) || (durations.get(a) ?? 0) - (durations.get(b) ?? 0));
};

const resultsOf = (copy: string): string => join(folder, `${basename(copy)}-results.json`);

function readDurations(copy: string): void {
  const { testResults } = JSON.parse(readFileSync(resultsOf(copy), 'utf8')) as {
    testResults: readonly { name: string; startTime: number; endTime: number }[];
  };
  for (const { name, startTime, endTime } of testResults)
    durations.set(relative(copy, name), endTime - startTime);
}

/** Runs tests until one fails. Resolves to their outcome, as that of a mutant, and the output. */
function runTests(
  copy: string,
  tests: readonly string[],
  limitMs: number,
): Promise<{ outcome: Outcome; output: string }> {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const options = [
    ...['--runInBand', '--bail', '--cacheDirectory', join(folder, `${basename(copy)}-cache`)],
    ...['--testSequencer', join(root, 'test/mutation/sequencer.cjs')],
    ...['--json', '--outputFile', resultsOf(copy)],
  ];
  const child = spawn(process.execPath, [jest, ...options, '--runTestsByPath', ...tests], {
    cwd: copy,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
      TMPDIR: join(folder, `${basename(copy)}-tmp`),
    },
  });
  children.add(child);
  return new Promise((resolve) => {
    let output = '';
    let late = false;
    child.stderr?.on('data', (data) => {
      output += String(data);
    });
    const timer = setTimeout(() => {
      late = true;
      kill(child);
    }, limitMs);
    child.on('exit', (code) => {
      clearTimeout(timer);
      kill(child);
      children.delete(child);
      resolve({ outcome: late ? 'timed out' : code === 0 ? 'survived' : 'killed', output });
    });
  });
}

/** A random number from 0 to 1 per call, the same ones for a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const originals = new Map<string, string>();
const all: Candidate[] = values.module.flatMap((module) =>
  sourcesOf(module).flatMap((file) => {
    const source = readFileSync(join(root, file), 'utf8');
    originals.set(file, source);
    return mutantsOf(source).map((mutant) => ({ ...mutant, module, file }));
  }),
);
const random = randomFrom(Number(values.seed));
const sample = all
  .map((mutant) => ({ mutant, order: random() }))
  .toSorted((a, b) => a.order - b.order)
  .slice(0, Number(values.mutants))
  .map(({ mutant }) => mutant);
console.log(`${sample.length} of ${all.length} mutants, seed ${values.seed}`);

const started = performance.now();
const copies = Array.from({ length: Number(values.jobs) }, (_, index) => createCopy(`copy-${index + 1}`));

/** Time limits by stage: four times as long as the tests take without a mutant, and half a minute at least. */
const limits = new Map<readonly string[], number>();
const stages = new Map(
  [...new Set(sample.map(({ module }) => module))].map((name) => [name, stagesOf(name)]),
);
const unmutated = [...stages.values()].flat();
await Promise.all(
  copies.map(async (copy) => {
    for (let tests = unmutated.shift(); tests; tests = unmutated.shift()) {
      const begun = performance.now();
      const { outcome, output } = await runTests(copy, tests, 600_000);
      if (outcome !== 'survived') throw new Error(`the tests fail without a mutant:\n${output}`);
      limits.set(tests, Math.max(30_000, 4 * (performance.now() - begun)));
      readDurations(copy);
    }
  }),
);
console.log(`all tests pass without a mutant, after ${secondsSince(started)} s`);

function secondsSince(begun: number): number {
  return Math.round((performance.now() - begun) / 1000);
}

async function outcomeOf(copy: string, mutant: Candidate): Promise<Outcome> {
  const { module, file } = mutant;
  const source = originals.get(file)!;
  writeFileSync(join(copy, file), applyMutant(source, mutant));
  try {
    for (const tests of stages.get(module)!) {
      const { outcome } = await runTests(copy, inOrder(tests, file), limits.get(tests)!);
      if (outcome !== 'survived') return outcome;
    }
    return 'survived';
  } finally {
    writeFileSync(join(copy, file), source);
  }
}

const describeChange = ({ file, line, start, end, replacement }: Candidate): string => {
  const shorten = (text: string) => {
    const inOneLine = text.trim().replaceAll(/\s+/g, ' ');
    return inOneLine.length > 70 ? `${inOneLine.slice(0, 67)}...` : inOneLine;
  };
  return `${file}:${line}  ${shorten(originals.get(file)!.slice(start, end))}  →  ${shorten(replacement)}`;
};

const results: { mutant: Candidate; outcome: Outcome }[] = [];
const waiting = [...sample];
await Promise.all(
  copies.map(async (copy) => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const begun = performance.now();
      const outcome = await outcomeOf(copy, mutant);
      results.push({ mutant, outcome });
      const progress = `${results.length}/${sample.length}`;
      console.log(`${progress} ${outcome} in ${secondsSince(begun)} s: ${describeChange(mutant)}`);
    }
  }),
);

const row = (name: string, outcomes: readonly Outcome[]) => {
  const count = (outcome: Outcome) => outcomes.filter((one) => one === outcome).length;
  const score = Math.round((1 - count('survived') / outcomes.length) * 1000) / 10;
  return {
    module: name,
    mutants: outcomes.length,
    killed: count('killed'),
    survived: count('survived'),
    'timed out': count('timed out'),
    'score %': score,
  };
};
const byModule = Map.groupBy(results, ({ mutant }) => mutant.module);
const rows = [...byModule].map(([name, list]) =>
  row(
    name,
    list.map(({ outcome }) => outcome),
  ),
);
console.table([
  ...rows,
  row(
    'all',
    results.map(({ outcome }) => outcome),
  ),
]);
const survivors = results.filter(({ outcome }) => outcome === 'survived').map(({ mutant }) => mutant);
console.log(`Survivors (${survivors.length}):`);
for (const line of survivors.map(describeChange).toSorted()) console.log(line);
console.log(`${secondsSince(started)} s`);
process.exit(0);
