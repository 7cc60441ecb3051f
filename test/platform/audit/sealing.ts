/** Sealing, the same for every store. */
import { spawn } from 'node:child_process';
import { sign } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSealer, type Sealer } from '../../../src/platform/audit/index.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { formatNote, verifierKey } from '../../../src/platform/merkle/index.ts';
import type { Seal, Store } from '../../../src/platform/store/index.ts';
import type { LoggedBench } from '../store/bench.ts';
import { expectSealed, leavesOf, openNote, rootOf, testSigner } from './log-check.ts';

const origin = 'id.example.com/audit';

/** What to write instead of a seal and its last tile. */
type Change = (seal: Seal, tile: Uint8Array) => [Partial<Seal>, Uint8Array?];

export function describeSealing(name: string, setUp: () => Promise<LoggedBench>): void {
  describe(`the audit log in ${name}`, () => {
    let bench: LoggedBench;
    let store: Store;
    let signer: ReturnType<typeof testSigner>;
    let sealers: Sealer[];
    let log: string;
    beforeEach(async () => {
      bench = await setUp();
      store = await bench.open();
      [signer, sealers, log] = [testSigner(), [], ''];
    });
    afterEach(async () => {
      signer.state.hangs = false;
      await Promise.all(sealers.map((sealer) => sealer.close()));
      await bench.end();
    });

    const start = (
      on = store,
      marks: Parameters<typeof createSealer>[0]['marks'] = async () => ({ b: 1, a: 'x' }),
    ) => {
      const destination = {
        write: (line: string) => {
          log += line;
        },
      };
      const logger = createLogger({ level: 'debug', destination });
      const sealer = createSealer({ log: on.log, signer, origin, marks, logger, now: Date.now });
      sealers.push(sealer);
      void sealer.start();
      return sealer;
    };
    const append = async (count: number, to = store) => {
      for (let i = 0; i < count; i += 100) {
        await Promise.all(
          Array.from({ length: Math.min(100, count - i) }, (_, n) =>
            to.append({ at: Date.now(), value: { event: 'token.issued', n: i + n, text: 'é\u2028' } }),
          ),
        );
      }
    };
    const sealedSize = async () => (await store.log.sealed())?.size ?? 0;
    const untilSealed = async (size: number, ms: number) => {
      const deadline = performance.now() + ms;
      while ((await sealedSize()) < size) {
        if (performance.now() > deadline)
          throw new Error(`sealed ${await sealedSize()} of ${size} after ${ms} ms`);
        await sleep(10);
      }
    };
    const until = async (what: () => boolean) => {
      for (const deadline = performance.now() + 10_000; !what(); ) {
        if (performance.now() > deadline) throw new Error('it did not happen');
        await sleep(10);
      }
    };
    const messages = () =>
      log
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { level: string; msg: string });

    test('is sealed within a second of a line, with a checkpoint that a second implementation verifies', async () => {
      const sealer = start();
      for (const count of [1, 300]) {
        await append(count);
        const appended = performance.now();
        await untilSealed(count === 1 ? 1 : 301, 2_000);
        expect(performance.now() - appended).toBeLessThan(1_000);
      }
      const note = await expectSealed(store, signer.jwk);
      expect(note).toMatchObject({ origin, size: 301, epoch: 0 });
      expect(JSON.parse((await store.log.sealed())!.marks)).toMatchObject({ marks: { a: 'x', b: 1 } });
      expect(sealer.verifierKey()?.text).toBe(verifierKey(origin, signer.jwk).text);
      await until(() => sealer.state().unsealedSince === undefined);
      expect(sealer.state()).toEqual({ size: 301, unsealedSince: undefined, failure: undefined });
      expect(messages()).toEqual([]);
    });

    test('is sealed at the start, and later within seconds, by a process that appended nothing', async () => {
      await append(3);
      start();
      await untilSealed(3, 1_500);
      await append(2);
      await untilSealed(5, 5_000);
      await expectSealed(store, signer.jwk);
    });

    test('is sealed in batches after a long time without a server, without blocking the process', async () => {
      await append(9_000);
      const sizes: number[] = [];
      const seal: Store['log']['seal'] = (previous, next, tiles) => {
        sizes.push(next.size);
        return store.log.seal(previous, next, tiles);
      };
      // In which turn of the event loop lines were read: no more than 256 lines at once.
      let turn = 0;
      const turns = new Set<number>();
      const lines: Store['log']['lines'] = (after, limit) => {
        expect(limit).toBeLessThanOrEqual(256);
        turns.add(turn);
        return store.log.lines(after, limit);
      };
      const watch = setInterval(() => turn++, 0);
      start({ ...store, log: { ...store.log, seal, lines } });
      await untilSealed(9_000, 20_000);
      clearInterval(watch);
      expect(sizes).toEqual([4_096, 8_192, 9_000]);
      expect(turns.size).toBeGreaterThan(9);
      await expectSealed(store, signer.jwk);
    }, 60_000);

    test('has one history of checkpoints if several processes append and seal at once', async () => {
      const handles = [store, await bench.open(), await bench.open(), await bench.open()];
      const notes: string[] = [];
      const running = handles.map((handle) => {
        const seal: Store['log']['seal'] = async (previous, next, tiles) => {
          const won = await handle.log.seal(previous, next, tiles);
          if (won) notes.push(next.checkpoint);
          return won;
        };
        return start({ ...handle, log: { ...handle.log, seal } });
      });
      const startedAt = performance.now();
      for (let round = 0; round < 60; round++) {
        await Promise.all(handles.map((handle) => append(7, handle)));
        await sleep(50);
      }
      const seconds = (performance.now() - startedAt) / 1_000;
      await untilSealed(60 * 7 * 4, 5_000);
      await Promise.all(running.map((sealer) => sealer.close()));
      await expectSealed(store, signer.jwk);
      const leaves = await leavesOf(store);
      const checked = notes.map((note) => openNote(note, signer.jwk));
      expect(checked.map(({ root }) => root)).toEqual(
        checked.map(({ size }) => rootOf(leaves.slice(0, size))),
      );
      expect(checked.map(({ size }) => size)).toEqual(
        checked.map(({ size }) => size).toSorted((a, b) => a - b),
      );
      // One process seals for all; a busy machine may pass the turn on.
      expect(signer.state.signatures).toBeLessThan(6 * seconds + 4);
      expect(messages()).toEqual([]);
    }, 60_000);

    test('of a process that was killed at any moment is sealed by the next one', async () => {
      let appended = 0;
      for (let round = 0; round < 4; round++) {
        const pem = signer.privateKey.export({ format: 'pem', type: 'pkcs8' });
        const program = spawn(
          process.execPath,
          [join(import.meta.dirname, 'sealing-program.ts'), bench.url],
          {
            env: { ...process.env, NODE_OPTIONS: '', SIGNING_KEY: String(pem) },
            stdio: ['ignore', 'pipe', 'inherit'],
          },
        );
        const exited = once(program, 'exit');
        await once(program.stdout, 'data');
        await sleep(300 + 350 * round);
        program.kill('SIGKILL');
        await exited;
        const { length } = await leavesOf(store);
        expect(length).toBeGreaterThan(appended);
        appended = length;
      }
      start();
      await untilSealed(appended, 5_000);
      await expectSealed(store, signer.jwk);
      expect(messages()).toEqual([]);
    }, 60_000);

    test('is sealed to its end when the server closes', async () => {
      const sealer = start();
      await append(20);
      await sealer.close();
      await expectSealed(store, signer.jwk);
      await append(1);
      await sleep(700);
      expect(await sealedSize()).toBe(20);
    });

    test('delays a close by two seconds at most if the key service hangs', async () => {
      const sealer = start();
      await append(1);
      signer.state.hangs = true;
      const startedAt = performance.now();
      await sealer.close();
      expect(performance.now() - startedAt).toBeLessThan(2_500);
      expect(await sealedSize()).toBe(0);
    });

    test('waits for a key service that does not sign, and says so', async () => {
      signer.state.failure = new SojournError('key_backend_unavailable', { cause: new Error('HTTP 503') });
      const sealer = start();
      await append(2);
      await until(() => sealer.state().failure !== undefined);
      expect(sealer.state()).toEqual({ size: 0, unsealedSince: expect.any(Number), failure: 'HTTP 503' });
      await append(2);
      signer.state.failure = undefined;
      await untilSealed(4, 5_000);
      await until(() => sealer.state().failure === undefined);
      expect(messages().map(({ level, msg }) => [level, msg])).toEqual([
        ['warn', 'cannot seal the audit log; trying again'],
        ['info', 'the audit log is sealed again'],
      ]);
      await expectSealed(store, signer.jwk);
    }, 15_000);

    /** Seals all lines and stops, then replaces the last checkpoint. */
    async function sealAndChange(change: Change): Promise<void> {
      await start().close();
      const seal = (await store.log.sealed())!;
      const index = Math.floor(seal.size / 256);
      const [changed, hashes] = change(seal, (await store.log.tile(0, index))!);
      const tiles = hashes ? [{ level: 0, index, hashes }] : [];
      expect(await store.log.seal(seal.size, { ...seal, ...changed }, tiles)).toBe(true);
    }

    /** The note with a changed text, signed. */
    function resign(note: string, change: (text: string) => string, by = signer): string {
      const text = change(note.slice(0, note.lastIndexOf('\n\n') + 1));
      const [name = ''] = text.split('\n');
      const { keyId } = verifierKey(name, by.jwk);
      return formatNote(text, { name, keyId, signature: sign('sha256', Buffer.from(text), by.privateKey) });
    }

    test('keeps its origin and the count of accepted rollbacks', async () => {
      await append(1);
      await sealAndChange(({ checkpoint }) => [
        {
          checkpoint: resign(checkpoint, (text) => text.replace('id.', 'old.').replace('epoch 0', 'epoch 3')),
        },
      ]);
      await append(1);
      const sealer = start();
      await untilSealed(2, 2_000);
      const old = 'old.example.com/audit';
      expect(await expectSealed(store, signer.jwk)).toMatchObject({ origin: old, size: 2, epoch: 3 });
      expect(sealer.verifierKey()?.name).toBe(old);
    });

    describe('that was damaged', () => {
      const flipped = (bytes: Uint8Array, at = 5) =>
        Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
      const otherKey = testSigner();
      test.each<[string, Change, string]>([
        [
          'a flipped bit in a tile',
          (_, tile) => [{}, flipped(tile)],
          'The hashes of the audit log do not give the root of its checkpoint of 300 lines.',
        ],
        [
          'a short tile',
          (_, tile) => [{}, tile.subarray(0, 43 * 32)],
          'The tile 1 of level 0 of the audit log has only 43 of 44 hashes.',
        ],
        [
          'swapped hashes',
          (_, tile) => [{}, Buffer.concat([tile.subarray(32, 64), tile.subarray(0, 32), tile.subarray(64)])],
          'The hashes of the audit log do not give the root of its checkpoint of 300 lines.',
        ],
        [
          'another root',
          ({ root }) => [{ root: flipped(root) }],
          'The last checkpoint of the audit log is not the one of its size and root.',
        ],
        [
          'other marks',
          () => [{ marks: '{"marks":{"a":"y","b":1},"salt":""}' }],
          'The last checkpoint of the audit log does not commit to the marks beside it.',
        ],
        [
          'marks that are not JSON',
          () => [{ marks: '{' }],
          'The last checkpoint of the audit log does not commit to the marks beside it.',
        ],
        [
          'a changed checkpoint',
          ({ checkpoint }) => [{ checkpoint: checkpoint.replace('epoch 0', 'epoch 1') }],
          'The key of this server did not sign the last checkpoint of the audit log.',
        ],
        [
          'a checkpoint of another key',
          ({ checkpoint }) => [{ checkpoint: resign(checkpoint, (text) => text, otherKey) }],
          'The key of this server did not sign the last checkpoint of the audit log.',
        ],
        [
          'no checkpoint',
          () => [{ checkpoint: '-' }],
          'The key of this server did not sign the last checkpoint of the audit log.',
        ],
        [
          'a checkpoint without epoch',
          ({ checkpoint }) => [
            { checkpoint: resign(checkpoint, (text) => text.replace('epoch 0\n', ''), signer) },
          ],
          'The key of this server did not sign the last checkpoint of the audit log.',
        ],
        [
          'a signed checkpoint of a smaller size',
          ({ checkpoint }) => [
            { checkpoint: resign(checkpoint, (text) => text.replace('\n300\n', '\n299\n'), signer) },
          ],
          'The last checkpoint of the audit log is not the one of its size and root.',
        ],
      ])(
        'by %s is not sealed any more, and the reason is shown',
        async (_, damage, reason) => {
          await append(300);
          await sealAndChange(damage);
          const damaged = await store.log.sealed();

          const sealer = start();
          await until(() => sealer.state().failure !== undefined);
          await append(2);
          await sleep(1_000);
          await sealer.close();
          expect(sealer.state()).toMatchObject({ size: 300, failure: reason });
          expect(await store.log.sealed()).toEqual(damaged);
          expect(messages().map(({ level, msg }) => [level, msg])).toEqual([
            ['error', 'the audit log is damaged; the server does not seal it any more'],
          ]);
        },
        15_000,
      );

      test('by a lost line is not sealed any more', async () => {
        await append(3);
        const lines: Store['log']['lines'] = async (after, limit) =>
          (await store.log.lines(after, limit)).filter(({ sequence }) => sequence !== 2);
        const sealer = start({ ...store, log: { ...store.log, lines } });
        await until(() => sealer.state().failure !== undefined);
        expect(sealer.state()).toMatchObject({ size: 0, failure: 'The line 2 of the audit log is missing.' });
        expect(await store.log.sealed()).toBeUndefined();
      });
    });
  });
}
