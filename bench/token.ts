/**
 * POST /token (ES256, client_secret): this server, bare oidc-provider and one raw signature. The rounds are interleaved in
 * one run, because two runs of the same server an hour apart differ more than most changes. The result is CPU time per
 * request, which does not depend on the load of the machine. There is no target.
 */
import { sendLoad } from './load.ts';
import { type Subject, startSubject } from './subject.ts';

const names = ['signature', 'bare', 'sojourn'] as const;
const rounds = 5;
const perRound = 2_000;
const connections = 32;
const asJson = process.argv.includes('--json');

const subjects = new Map<string, Subject>();
const measured = new Map<string, number[]>(names.map((name) => [name, []]));
try {
  for (const name of names) subjects.set(name, await startSubject(name));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, subject] of subjects) {
      const before = await subject.cpu();
      if (subject.target) await sendLoad({ ...subject.target, requests: perRound, connections });
      else await subject.work(perRound);
      // The first round is a warm-up and does not count.
      if (round > 0) measured.get(name)?.push(((await subject.cpu()) - before) / perRound);
    }
    if (!asJson) process.stderr.write(round === 0 ? 'warmed up\n' : `round ${round} of ${rounds}\n`);
  }
} finally {
  for (const subject of subjects.values()) await subject.stop();
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const bare = median(measured.get('bare') ?? []);
const rows = names.map((name) => {
  const cpu = median(measured.get(name) ?? []);
  return {
    subject: name,
    cpu_us_per_request: Math.round(cpu),
    ratio_to_bare: Number((cpu / bare).toFixed(2)),
  };
});
if (asJson) console.log(JSON.stringify(rows));
else {
  const titles = {
    signature: 'one ES256 signature',
    bare: 'bare oidc-provider',
    sojourn: 'sojourn (SQLite, audit)',
  };
  console.log(`\nPOST /token, ES256, client_secret, ${rounds} rounds of ${perRound}, medians\n`);
  console.log(`${''.padEnd(26)}${'CPU µs'.padStart(8)}${'× bare'.padStart(9)}`);
  for (const row of rows) {
    console.log(
      `${titles[row.subject].padEnd(26)}${String(row.cpu_us_per_request).padStart(8)}${row.ratio_to_bare.toFixed(2).padStart(9)}`,
    );
  }
}
