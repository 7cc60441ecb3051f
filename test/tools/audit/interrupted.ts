/** A pruning that is killed, or whose disk is full: every line is still in the store or in a complete archive. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseVerifierKey } from '../../../src/platform/merkle/index.ts';
import type { SealedLine } from '../../../src/platform/store/index.ts';
import { verifyFile } from '../../../src/tools/audit/index.ts';
import { sojournProgram } from '../../e2e/process.ts';
import { compiled } from '../../support/compiled.ts';
import { repetitions } from '../../support/scale.ts';
import { type CommandStage, commandStage } from './command-stage.ts';

const count = 3_000;

/** Makes the store refuse to write: a limit for the command, and a function that ends it. */
export type Fill = () => Promise<{ readonly limit: string; free(): Promise<unknown> }>;

export function describeInterrupted(name: string, sharedUrl: () => string | undefined, fill: Fill): void {
  describe(`on ${name}, sojourn audit prune`, () => {
    let stage: CommandStage;
    let original: readonly SealedLine[];
    beforeEach(async () => {
      stage = await commandStage(sharedUrl());
      await stage.configure({ retention: { default: '30d' } });
      const at = Date.now() - 40 * 86_400_000;
      for (let i = 0; i < count; i += 500)
        await Promise.all(
          Array.from({ length: 500 }, (_, j) => {
            const value = { event: 'token.issued', outcome: 'ok', actor: `cli_${j % 9}`, jti: `j${i + j}` };
            return stage.store.append({ at: at + i + j, value });
          }),
        );
      await stage.seal();
      await stage.indexed();
      original = await stage.store.log.lines(0, count);
    }, 60_000);
    afterEach(() => stage.end());

    /** Starts the command as a process of its own. @param limit a command of the shell */
    function start(file: string, limit = ':') {
      const command = [process.execPath, sojournProgram, 'audit', 'prune', '--apply'];
      const options = ['--output', join(stage.folder, file), '--config', join(stage.folder, 'sojourn.yaml')];
      const env = { PATH: process.env.PATH ?? '', ...compiled, ...stage.env };
      const child = spawn('/bin/sh', ['-c', `${limit}; exec "$@"`, 'sh', ...command, ...options], { env });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      const ended = once(child, 'close').then(() => ({ code: child.exitCode, output }));
      return { child, ended };
    }

    /** The number of lines that have no text. Fails if one of them is in no complete archive. */
    async function pruned(): Promise<number> {
      const archived = new Map<number, string>();
      for (const file of readdirSync(stage.folder).filter((each) => each.endsWith('.gz'))) {
        const lines: [number, string][] = [];
        const { verified } = await verifyFile(join(stage.folder, file), {
          key: parseVerifierKey(stage.key),
          async onLine({ line, text }) {
            lines.push([line, text]);
            return undefined;
          },
        });
        expect(verified).toBe(true);
        for (const [line, text] of lines) archived.set(line, text);
      }
      const lines = await stage.store.log.lines(0, count);
      expect(lines.map(({ sequence, text }) => text ?? archived.get(sequence))).toEqual(
        original.map(({ text }) => text),
      );
      expect(await stage.audit('verify')).toMatchObject({ code: 0, err: '' });
      return lines.filter(({ text }) => text === undefined).length;
    }

    test('loses no line when it is killed at any moment, and a later run prunes the rest', async () => {
      const kills = repetitions({ part: 2, full: 20 });
      for (let i = 0; i < kills; i++) {
        const { child, ended } = start(`killed-${i}.gz`);
        // Every second time between the archive and the end.
        if (i % 2 === 0) await sleep(300 + ((i + Math.random()) / kills) * 1_000);
        else
          while (!existsSync(join(stage.folder, `killed-${i}.gz`)) && child.exitCode === null) await sleep(1);
        if (i % 2 === 1) await sleep(Math.random() * 200);
        child.kill('SIGKILL');
        await ended;
        await pruned();
      }
      const last = await start('last.gz').ended;
      expect(last.code).toBe(0);
      expect(await pruned()).toBe(count);
      await stage.seal();
      expect(await stage.audit('verify')).toMatchObject({ code: 0 });
    }, 120_000);

    test('leaves all lines in the store if the archive does not fit on the disk', async () => {
      const { code, output } = await start('archive.gz', 'ulimit -f 16').ended;
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringMatching(
          /archive\.gz cannot be written \(EFBIG\); the store is unchanged\.\n→ Check/,
        ),
      });
      expect([existsSync(join(stage.folder, 'archive.gz')), await pruned()]).toEqual([false, 0]);
      expect(readdirSync(stage.folder).filter((file) => file.includes('tmp'))).toEqual([]);
    }, 60_000);

    test('leaves lines in the store if the store is full', async () => {
      const { limit, free } = await fill();
      const { code, output } = await start('archive.gz', limit).ended;
      await free();
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringMatching(
          /^The (audit log cannot be written|store is unavailable|store \S+ is unusable: OOM)/,
        ),
      });
      expect(existsSync(join(stage.folder, 'archive.gz'))).toBe(true);
      expect(await pruned()).toBeLessThan(count);
      expect((await start('again.gz').ended).code).toBe(0);
      expect(await pruned()).toBe(count);
    }, 60_000);
  });
}
