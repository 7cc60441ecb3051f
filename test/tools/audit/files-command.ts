/** `sojourn audit prune`, `archive` and `export`, and the verification of what they write. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openNote } from '../../platform/audit/log-check.ts';
import { leaf, rootOfPath, sha256 } from '../../platform/merkle/specification.ts';
import { type CommandStage, commandStage } from './command-stage.ts';

const day = 86_400_000;
const retention = { default: '30d', events: { 'token.issued': '10d', 'policy.updated': 'forever' } };
const compare =
  'Compare it with a backup, an export or an archive, and find out who had write access to the store. Sojourn changed nothing.';

/** Age in days and event of each line, from line 1 on. */
const ages: readonly (readonly [number, string])[] = [
  [50, 'policy.updated'],
  [50, 'client.created'],
  [40, 'token.issued'],
  [20, 'client.updated'],
  [20, 'token.issued'],
  [11, 'token.issued'],
  [9, 'token.issued'],
  [1, 'client.deleted'],
];
const due = [2, 3, 5, 6];

interface Parsed {
  readonly line?: number;
  readonly text?: string;
  readonly proof?: string[] | undefined;
  readonly [name: string]: unknown;
}
const read = (file: string): Parsed[] =>
  gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Parsed);

/** Writes the file again with other items, and with the count and SHA-256 that belong to them. */
function rewrite(file: string, items: readonly Parsed[]): void {
  const lines = items.filter(({ line }) => line !== undefined).map(({ line }) => line!);
  const text = items
    .slice(0, -1)
    .map((item) => `${JSON.stringify(item)}\n`)
    .join('');
  const range = { count: lines.length, first: lines[0] ?? null, last: lines.at(-1) ?? null };
  const end = { ...range, sha256: createHash('sha256').update(text).digest('hex') };
  writeFileSync(file, gzipSync(`${text}${JSON.stringify(end)}\n`));
}

export function describeFiles(name: string, sharedUrl: () => string | undefined): void {
  describe(`on ${name}`, () => {
    let stage: CommandStage;
    let now: number;
    let file: string;
    beforeEach(async () => {
      now = Date.now();
      stage = await commandStage(sharedUrl());
      await stage.configure({ retention });
      for (const [i, [age, event]] of ages.entries())
        await stage.store.append({
          at: now - age * day,
          value: { event, outcome: 'ok', actor: 'admin', tenant: `ten_${i % 2}`, client: 'cli_1' },
        });
      await stage.seal();
      await stage.indexed();
      file = join(stage.folder, 'archive.jsonl.gz');
    });
    afterEach(() => stage.end());

    const iso = (age: number) => new Date(now - age * day).toISOString();
    const textless = async () =>
      (await stage.store.log.lines(0, 100))
        .filter(({ text }) => text === undefined)
        .map(({ sequence }) => sequence);
    const table = 'EVENT           LINES\nclient.created  1\ntoken.issued    3\n';
    const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

    describe('sojourn audit prune', () => {
      test('without --apply shows what is due, and changes nothing', async () => {
        const range = `4 lines due, from 2 of ${iso(50)} to 6 of ${iso(11)}.\n`;
        expect(await stage.audit('prune')).toEqual({
          code: 0,
          out: `${range}${table}To archive and remove them: --apply\n`,
          err: '',
        });
        const { out } = await stage.audit('prune', '--json');
        expect(JSON.parse(out)).toEqual({
          lines: 4,
          first: 2,
          last: 6,
          first_at: iso(50),
          last_at: iso(11),
          events: { 'client.created': 1, 'token.issued': 3 },
        });
        expect(await textless()).toEqual([]);
        await stage.configure({});
        expect((await stage.audit('prune')).out).toBe('No line is due.\n');
      });

      test('with --apply archives the lines, records them, and removes their texts', async () => {
        const root = Buffer.from((await stage.store.log.sealed())!.root).toString('base64');
        const pruned = await stage.audit('prune', '--apply', '--output', file);
        expect(pruned).toEqual({
          code: 0,
          out: `4 lines pruned, from 2 of ${iso(50)} to 6 of ${iso(11)}.\n${table}Wrote ${file}.\nSHA-256: ${hash(file)}\n`,
          err: '',
        });
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(await textless()).toEqual(due);
        const { items } = await stage.store.search({ limit: 100 });
        expect(items.map(({ sequence }) => sequence)).toEqual([9, 8, 7, 4, 1]);
        expect(items[0]!.value).toEqual({
          event: 'audit.pruned',
          outcome: 'ok',
          actor: 'system',
          facts: {
            ...{ first: 2, last: 6, count: 4, lines: expect.any(String), archive_sha256: hash(file) },
            ...{ checkpoint_size: 8, checkpoint_root: root },
          },
        });
        const verified = (archived: string) =>
          `idp.example.com/audit: 8 lines verified, 1 line not sealed yet, 4 lines pruned${archived}.\nKey: ${stage.key}\n`;
        expect(await stage.audit('verify')).toEqual({ code: 0, out: verified(''), err: '' });
        await stage.seal();
        expect(await stage.audit('verify', '--archive', file)).toEqual({
          code: 0,
          out: verified(', 4 of them verified in archives').replace(
            '8 lines verified, 1 line not sealed yet',
            '9 lines verified',
          ),
          err: '',
        });
        expect((await stage.audit('prune')).out).toBe('No line is due.\n');
        const again = join(stage.folder, 'again.jsonl.gz');
        expect((await stage.audit('prune', '--apply', '--output', again)).out).toBe('No line is pruned.\n');
        expect(existsSync(again)).toBe(false);
      });

      test('overwrites no file, and then prunes nothing', async () => {
        writeFileSync(file, 'precious');
        expect(await stage.audit('prune', '--apply', '--output', file)).toEqual({
          code: 1,
          out: '',
          err: `${file} exists, and is not overwritten.\n→ Give the name of a new file.\n`,
        });
        const nowhere = join(stage.folder, 'missing', 'archive.gz');
        expect(await stage.audit('prune', '--apply', '--output', nowhere)).toEqual({
          code: 1,
          out: '',
          err: `${nowhere} cannot be written (ENOENT); the store is unchanged.\n→ Check that the folder exists, that you may write to it, and that the disk has space.\n`,
        });
        expect([await textless(), readFileSync(file, 'utf8')]).toEqual([[], 'precious']);
        expect(await stage.audit('prune', '--apply')).toMatchObject({ code: 2 });
        expect(await stage.audit('prune', '--output', file)).toMatchObject({ code: 2 });
      });

      test('archives no line that was changed', async () => {
        await stage.tables.setLine(5, { ...(await stage.tables.line(5)), at: now - 90 * day });
        expect(await stage.audit('prune', '--apply', '--output', file)).toEqual({
          code: 1,
          out: '',
          err: 'Line 5 of the audit log is not what was sealed; no file was written.\n→ Run `sojourn audit verify`, which says what was changed.\n',
        });
        expect([await textless(), existsSync(file)]).toEqual([[], false]);
      });
    });

    describe('after a pruning, sojourn audit verify', () => {
      beforeEach(async () => {
        await stage.audit('prune', '--apply', '--output', file);
        await stage.seal();
      });

      const fault = async (...options: string[]) => {
        const { code, out } = await stage.audit('verify', '--json', ...options);
        const { kind, line } =
          (JSON.parse(out) as { fault: { kind: string; line: number } | null }).fault ?? {};
        return { code, kind, line };
      };
      const archived = (...options: string[]) => fault('--archive', file, ...options);

      test('finds a text that was removed without a record', async () => {
        await stage.tables.setLine(4, { ...(await stage.tables.line(4)), text: '', salt: new Uint8Array() });
        expect(await stage.audit('verify')).toEqual({
          code: 1,
          out: '',
          err: `Line 4 of ${iso(20)} has no text, and no record of a pruning names it.\n→ ${compare}\n`,
        });
      });

      test('finds a deleted, an added and an edited line among pruned ones', async () => {
        await stage.tables.deleteLine(5);
        expect(await fault()).toEqual({ code: 1, kind: 'missing', line: 5 });
        await stage.tables.setLine(5, { at: 1, salt: Buffer.alloc(16), text: '{"event":"token.issued"}' });
        expect(await fault()).toEqual({ code: 1, kind: 'edited', line: 5 });
      });

      test('finds a record that was changed to name another line', async () => {
        const record = await stage.tables.line(9);
        const text = record.text.replace(/"lines":"[^"]*"/, '"lines":"Y/8fAA=="');
        await stage.tables.setLine(9, { ...record, text });
        expect((await fault()).code).toBe(1);
      });

      test('finds another time of a pruned line with the archive', async () => {
        await stage.tables.setLine(3, { ...(await stage.tables.line(3)), at: now - 39 * day });
        expect(await archived()).toEqual({ code: 1, kind: 'edited', line: 3 });
      });

      test('finds every change of the archive', async () => {
        const items = read(file);
        const at = (line: number) => items.findIndex((item) => item.line === line);
        const with5 = (change: object) => items.with(at(5), { ...items[at(5)]!, ...change });
        const changes: readonly (readonly [readonly Parsed[], object])[] = [
          [with5({ text: '{"event":"token.refused"}' }), { kind: 'edited', line: 5 }],
          [with5({ at: 1 }), { kind: 'edited', line: 5 }],
          [with5({ salt: 'AAAAAAAAAAAAAAAAAAAAAA==' }), { kind: 'edited', line: 5 }],
          [with5({ line: 4 }), { kind: 'edited', line: 4 }],
          [items.toSpliced(at(5), 1, items[at(3)]!), { kind: 'moved', line: 3 }],
          [items.toSpliced(at(5), 1), { kind: 'archive', line: null }],
          [
            items.with(1, { ...items[1]!, hashes: `A${String(items[1]!.hashes).slice(1)}` }),
            { kind: 'hashes', line: null },
          ],
          [items.toSpliced(1, 1), { kind: 'edited', line: 2 }],
          [
            items.with(0, {
              ...items[0]!,
              checkpoint: String(items[0]!.checkpoint).replace('\n8\n', '\n9\n'),
            }),
            { kind: 'checkpoint', line: null },
          ],
          [
            items.with(0, { ...items[0]!, created_at: '2020-01-01T00:00:00Z' }),
            { kind: 'archive', line: null },
          ],
          [items.toSpliced(0, 1), { kind: 'file', line: null }],
        ];
        const before = readFileSync(file);
        for (const [changed, expected] of changes) {
          rewrite(file, changed);
          expect(await archived()).toEqual({ code: 1, ...expected });
        }
        writeFileSync(file, before.subarray(0, -9));
        expect(await archived()).toMatchObject({ code: 1, kind: 'file' });
        writeFileSync(file, gzipSync(gunzipSync(before).subarray(0, -9)));
        expect(await archived()).toMatchObject({ code: 1, kind: 'file' });
        writeFileSync(file, before);
        expect(await archived()).toEqual({ code: 0, kind: undefined, line: undefined });
      });
    });

    test('sojourn audit archive writes the lines that are due, or all, and they verify alone', async () => {
      const all = join(stage.folder, 'all.jsonl.gz');
      expect(await stage.audit('archive', '--output', file)).toMatchObject({ code: 0, err: '' });
      expect(await stage.audit('archive', '--all', '--output', all)).toMatchObject({ code: 0, err: '' });
      expect(await textless()).toEqual([]);
      const lines = (path: string) => read(path).flatMap(({ line }) => line ?? []);
      expect([lines(file), lines(all)]).toEqual([due, [1, 2, 3, 4, 5, 6, 7, 8]]);
      expect(await stage.run('audit', 'verify', '--export', all, '--key', stage.key)).toEqual({
        code: 0,
        out: 'idp.example.com/audit: archive with 8 lines verified, from 1 to 8 of 8.\n',
        err: '',
      });
    });

    describe('sojourn audit export', () => {
      const verify = (...options: string[]) => stage.run('audit', 'verify', '--export', file, ...options);
      beforeEach(async () => {
        expect(await stage.audit('export', '--tenant', 'ten_1', '--out', file)).toMatchObject({
          code: 0,
          err: '',
        });
      });

      test('writes exactly the lines of the tenant, which verify with the published key', async () => {
        const own = (await stage.store.log.lines(0, 100)).filter(({ sequence }) => sequence % 2 === 0);
        expect(read(file).flatMap(({ line, text }) => (line === undefined ? [] : [[line, text]]))).toEqual(
          own.map(({ sequence, text }) => [sequence, text]),
        );
        expect(await verify('--key', stage.key)).toEqual({
          code: 0,
          out: 'idp.example.com/audit: export with 4 lines of tenant ten_1 verified, from 2 to 8 of 8.\n',
          err: '',
        });
      });

      test('reveals nothing of other tenants but hashes', async () => {
        const content = gunzipSync(readFileSync(file)).toString();
        const marks = JSON.parse((await stage.store.log.sealed())!.marks) as { salt: string };
        expect(content).not.toContain('ten_0');
        expect(content).not.toContain(marks.salt);
        for (const { sequence, salt } of await stage.store.log.lines(0, 100))
          expect(content.includes(Buffer.from(salt).toString('base64'))).toBe(sequence % 2 === 0);
      });

      test('has proofs that the recursive definition of the tree confirms', async () => {
        const [header, ...items] = read(file);
        const note = openNote(String(header!.checkpoint), stage.signer.jwk as never);
        expect(note.size).toBe(8);
        for (const { line, at, salt, text, proof } of items.slice(0, -1)) {
          const own = leaf(
            sha256(Buffer.from(String(salt), 'base64'), Buffer.from(`{"at":${at},"entry":${text}}`)),
          );
          const path = proof!.map((one) => Buffer.from(one, 'base64'));
          expect(Buffer.from(rootOfPath(line! - 1, 8, own, path)!).toString('base64')).toBe(note.root);
        }
      });

      test('is refused after every change, with the right line', async () => {
        const items = read(file);
        const third = items[2]!;
        const changes: readonly (readonly [readonly Parsed[], object])[] = [
          [
            items.with(2, { ...third, text: third.text!.replace('admin', 'other') }),
            { kind: 'edited', line: 4 },
          ],
          [items.with(2, { ...third, at: 1 }), { kind: 'edited', line: 4 }],
          [items.with(2, { ...third, line: 5 }), { kind: 'edited', line: 5 }],
          [items.with(2, { ...third, proof: third.proof!.toReversed() }), { kind: 'edited', line: 4 }],
          [items.with(2, { ...third, proof: undefined }), { kind: 'edited', line: 4 }],
          [items.with(2, items[3]!).with(3, third), { kind: 'moved', line: 4 }],
          [items.toSpliced(2, 0, items[1]!), { kind: 'moved', line: 2 }],
          [items.with(0, { ...items[0]!, tenant: 'ten_0' }), { kind: 'added', line: 2 }],
          [items.with(0, { ...items[0]!, kind: 'archive' }), { kind: 'edited', line: 2 }],
        ];
        for (const [changed, expected] of changes) {
          rewrite(file, changed);
          const { code, out } = await verify('--key', stage.key, '--json');
          expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({
            code: 1,
            verified: false,
            fault: expected,
          });
        }
      });

      test('is verified only with a key, and alone', async () => {
        expect(await verify()).toEqual({
          code: 2,
          out: '',
          err: 'Give the checkpoint key that the issuer publishes with --key.\n',
        });
        expect(await stage.audit('verify', '--export', file, '--key', stage.key)).toEqual({
          code: 2,
          out: '',
          err: '--export verifies a file alone: leave out --config, --backup and --archive.\n',
        });
      });

      test('of a tenant without lines writes no file', async () => {
        const none = join(stage.folder, 'none.jsonl.gz');
        expect(await stage.audit('export', '--tenant', 'ten_9', '--out', none)).toEqual({
          code: 0,
          out: 'No line is of this tenant.\n',
          err: '',
        });
        expect(existsSync(none)).toBe(false);
      });
    });
  });
}
