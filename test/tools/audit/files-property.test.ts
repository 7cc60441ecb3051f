/** Random changes of archives and exports. */
import { createHash, randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseVerifierKey } from '../../../src/platform/merkle/index.ts';
import { type FileVerification, verifyFile } from '../../../src/tools/audit/index.ts';
import { type Random, randomFrom } from '../../e2e/fuzz/random.ts';
import { noon } from '../../platform/store/journal.ts';
import { repetitions } from '../../support/scale.ts';
import { type CommandStage, commandStage } from './command-stage.ts';
import { randomLine } from './journal-bench.ts';

/** SOJOURN_AUDIT_SEED repeats a run. */
const seed = Number(process.env.SOJOURN_AUDIT_SEED ?? randomInt(2 ** 31));
const random: Random = randomFrom(seed);

/** What can be done to the lines of a file; each gives another file. */
const changes: Readonly<Record<string, (lines: string[]) => string>> = {
  character(lines) {
    const text = lines.join('');
    const at = random.below(text.length);
    return text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
  },
  deletion: (lines) => lines.toSpliced(random.below(lines.length), 1).join(''),
  copy: (lines) => lines.toSpliced(random.below(lines.length), 0, random.pick(lines)).join(''),
  order(lines) {
    const at = random.below(lines.length - 1);
    return lines
      .with(at, lines[at + 1]!)
      .with(at + 1, lines[at]!)
      .join('');
  },
  end: (lines) => lines.join('').slice(0, -1 - random.below(200)),
};

describe.each([
  ['archive', ['archive', '--all', '--output']],
  ['export', ['export', '--tenant', 'ten_1', '--out']],
])(`an %s of a random journal (seed ${seed})`, (kind, command) => {
  let stage: CommandStage;
  let file: string;
  let original: string[];
  beforeAll(async () => {
    stage = await commandStage(undefined);
    const count = 300 + random.below(600);
    const lines = Array.from({ length: count }, () => randomLine(random.next, noon - 86_400_000));
    await Promise.all(lines.map((line) => stage.store.append(line)));
    await stage.seal();
    await stage.indexed();
    file = join(stage.folder, 'lines.jsonl.gz');
    expect(await stage.audit(...command, file)).toMatchObject({ code: 0 });
    original = gunzipSync(readFileSync(file))
      .toString()
      .split(/(?<=\n)/);
  }, 60_000);
  afterAll(() => stage.end());

  async function verified(text: string): Promise<FileVerification> {
    writeFileSync(file, gzipSync(text, { level: 1 }));
    return verifyFile(file, { key: parseVerifierKey(stage.key) });
  }

  test('verifies unchanged', async () => {
    expect(await verified(original.join(''))).toMatchObject({ verified: true, kind, fault: null });
  });

  test('is refused after every random change', async () => {
    for (let i = 0; i < repetitions({ part: 50, full: 2_000 }); i++) {
      const name = random.pick(Object.keys(changes));
      const text = changes[name]!(original);
      if (text === original.join('')) continue;
      expect([name, (await verified(text)).verified]).toEqual([name, false]);
    }
  }, 300_000);

  test('with an edited line is refused with the number of this line, even if its end was made to match', async () => {
    for (let i = 0; i < repetitions({ part: 15, full: 500 }); i++) {
      const at = random.pick(original.flatMap((line, index) => (line.startsWith('{"line":') ? [index] : [])));
      const item = JSON.parse(original[at]!) as { line: number; at: number; text: string };
      const edited = random.chance(0.5)
        ? { ...item, at: item.at + 1 + random.below(9) }
        : { ...item, text: item.text.replace('"outcome":"ok"', '"outcome":"refused"') };
      const body = original
        .with(at, `${JSON.stringify(edited)}\n`)
        .slice(0, -1)
        .join('');
      const end = { ...(JSON.parse(original.at(-1)!) as object), sha256: sha256(body) };
      const { fault } = await verified(`${body}${JSON.stringify(end)}\n`);
      expect(fault).toMatchObject({ kind: 'edited', line: item.line });
    }
  }, 300_000);

  test.each([
    ['has a member twice', (line: string) => line.replace('{', '{"text":"another",')],
    ['writes a number in another way', (line: string) => line.replace(/"at":(\d+)/, '"at":$1.0')],
    ['rounds to the number', (line: string) => line.replace(/"at":(\d+)/, '"at":$1.0000001')],
    ['has space', (line: string) => line.replace(':', ': ')],
  ])('is refused if a line %s, even if its end was made to match', async (_, change) => {
    const at = original.findIndex((line) => line.startsWith('{"line":'));
    const body = original.with(at, change(original[at]!)).slice(0, -1).join('');
    const end = { ...(JSON.parse(original.at(-1)!) as object), sha256: sha256(body) };
    const { verified: isVerified, fault } = await verified(`${body}${JSON.stringify(end)}\n`);
    expect([isVerified, fault?.detail]).toEqual([
      false,
      `${file} is not a complete archive or export of an audit log: its line ${at + 1} has another form.`,
    ]);
  });
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
