/** The tests of a backend while its key service fails, for the fake services, which can simulate failures. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KeyBackend, KeyRecord } from '../../../src/tokens/keys/index.ts';
import { type Failure, failure, type HolderBench, recordFrom, some } from './backend-suite.ts';
import type { LocalService } from './services/local-service.ts';

export interface ServiceBench extends HolderBench {
  readonly service: LocalService & {
    set(reference: string, state: 'enabled' | 'disabled' | 'removed'): void;
  };
  /** The expected log text for each failure of a key; `KEY` is replaced by its reference. */
  readonly words: { readonly disabled: string; readonly removed: string; readonly denied: string };
}

/** Calls per request during a failure, as docs/key-backends.md promises. */
const callsPerRequest = 1.2;

export function faultSuite(name: string, open: () => Promise<ServiceBench>): void {
  describe(`the backend ${name} while its service fails`, () => {
    let bench: ServiceBench;
    let backend: KeyBackend;
    let key: KeyRecord;
    beforeEach(async () => {
      bench = await open();
      backend = await bench.open();
      key = recordFrom(await backend.createKey('ES256'));
      bench.service.calls.length = 0;
    });
    afterEach(() => bench.end());

    const times = <T>(count: number, work: () => Promise<T>) =>
      Promise.all(Array.from({ length: count }, work));
    const codesOf = (failures: readonly Failure[]) => [...new Set(failures.map(({ code }) => code))];

    /** Waits until the backend signs again without help. */
    async function recovers(): Promise<void> {
      for (let tries = 0; tries < 200; tries++) {
        const signed = await backend.sign(key, some).catch(() => undefined);
        if (signed) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(backend.failure?.()).toBeUndefined();
      expect(bench.logged()).toContain('the key service signs again');
    }

    const createdCount = () =>
      bench.service.calls.filter(({ url, headers, method }) =>
        headers['x-amz-target']
          ? headers['x-amz-target'] === 'TrentService.CreateKey'
          : method === 'POST' && /cryptoKeyVersions$|\/create\?/.test(url),
      ).length;

    test('retries once after a lost response for a signature, but not for a new key', async () => {
      bench.service.trouble.lost = 1;
      expect((await backend.sign(key, some)).length).toBe(64);
      expect(bench.service.calls.length).toBe(2);
      bench.service.trouble.lost = 1;
      expect(await failure(backend.createKey('ES256'))).toMatchObject({
        code: 'key_backend_unavailable',
        status: 503,
      });
      expect(createdCount()).toBe(1);
    });

    test('retries one throttled call once', async () => {
      bench.service.trouble.throttled = 1;
      expect((await backend.sign(key, some)).length).toBe(64);
      expect(bench.service.calls.length).toBe(2);
    });

    test('sends hardly more calls than requests while the service throttles', async () => {
      bench.service.trouble.throttled = 1_000;
      const failures = [];
      for (let count = 0; count < 50; count++) failures.push(await failure(backend.sign(key, some)));
      expect(codesOf(failures)).toEqual(['key_backend_throttled']);
      expect(failures.every(({ status, retryAfter }) => status === 503 && Number(retryAfter) >= 1)).toBe(
        true,
      );
      expect(bench.service.calls.length).toBeLessThanOrEqual(50 * callsPerRequest);
      bench.service.trouble.throttled = 0;
      await recovers();
    });

    test('never returns a signature by another key, and logs an error', async () => {
      bench.service.trouble.wrong = true;
      expect(await failure(backend.sign(key, some))).toMatchObject({
        code: 'key_backend_signature_invalid',
        status: 503,
      });
      expect(bench.logged()).toContain('the key service returned an invalid signature');
      expect(backend.failure?.()).toContain(`does not verify with ${key.kid}`);
      bench.service.trouble.wrong = false;
      await recovers();
    });

    test.each(['disabled', 'removed'] as const)(
      'names a key that was %s in the error, and uses it again once it is back',
      async (state) => {
        bench.service.set(key.sealed!, state);
        const words = bench.words[state].replace('KEY', key.sealed!);
        const failures = await times(50, () => failure(backend.sign(key, some)));
        expect(codesOf(failures)).toEqual(['key_backend_refused']);
        expect(failures[0]).toMatchObject({
          status: 503,
          message: 'The key backend refuses to sign with this key.',
          retryAfter: 5,
        });
        expect(bench.service.calls.length).toBeLessThanOrEqual(50 * callsPerRequest);
        expect(backend.failure?.()).toContain(words);
        expect(bench.logged()).toContain(words);
        expect(await failure((await bench.open()).check(key))).toMatchObject({
          code: 'key_material_unusable',
          message: expect.stringContaining(words),
        });
        bench.service.set(key.sealed!, 'enabled');
        await recovers();
      },
    );

    test('keeps signing with other keys while one is refused', async () => {
      const other = recordFrom(await backend.createKey('RS256'));
      bench.service.set(key.sealed!, 'disabled');
      expect(await failure(backend.sign(key, some))).toMatchObject({ code: 'key_backend_refused' });
      expect((await backend.sign(other, some)).length).toBe(256);
    });

    test('reports denied access for a signature and for a new key', async () => {
      bench.service.trouble.denied = true;
      expect(await failure(backend.sign(key, some))).toMatchObject({
        code: 'key_backend_refused',
        status: 503,
      });
      expect(backend.failure?.()).toContain(bench.words.denied);
      expect(await failure(backend.createKey('RS256'))).toMatchObject({
        code: 'key_backend_refused',
        message: expect.stringMatching(/^The key service cannot create an RS256 key: /),
      });
    });

    test('does not create a key again if the new one is not usable yet', async () => {
      bench.service.trouble.wrong = true;
      expect(await failure(backend.createKey('ES256'))).toMatchObject({
        code: 'key_backend_signature_invalid',
      });
      expect(await failure(backend.createKey('ES256'))).toMatchObject({
        code: 'key_backend_signature_invalid',
      });
      bench.service.trouble.wrong = false;
      expect((await failure(backend.createKey('ES256'))).code).toBe('no refusal');
      expect(createdCount()).toBe(1);
    });

    test('answers requests in time while the service hangs, and soon stops calling it', async () => {
      bench.service.trouble.hangs = true;
      const failures = await times(200, () => failure(backend.sign(key, some)));
      expect(codesOf(failures)).toEqual(['key_backend_unavailable']);
      expect(failures.every(({ status, retryAfter }) => status === 503 && retryAfter === 1)).toBe(true);
      expect(bench.service.calls.length).toBeLessThanOrEqual(50);
      bench.service.trouble.hangs = false;
      await recovers();
    });

    test('signs with a slow service, up to its capacity', async () => {
      bench.service.trouble.delayMs = 300;
      const signatures = await times(40, () => backend.sign(key, some));
      expect(signatures.map(({ length }) => length)).toEqual(Array.from({ length: 40 }, () => 64));
    });

    test('sends few calls while connections are refused, and recovers without help', async () => {
      await bench.service.stop();
      const failures = await times(50, () => failure(backend.sign(key, some)));
      expect(codesOf(failures)).toEqual(['key_backend_unavailable']);
      expect(backend.failure?.()).toContain('ECONNREFUSED');
      await bench.service.startAgain();
      await recovers();
    });

    test('lets a replica start, and logs which key could not be checked', async () => {
      await bench.service.stop();
      const replica = await bench.open();
      await replica.check(key);
      expect(bench.logged()).toContain('cannot check a key; this key cannot sign');
      expect(bench.logged()).toContain(key.kid);
      expect(await failure(replica.sign(key, some))).toMatchObject({
        code: 'key_backend_unavailable',
        status: 503,
      });
    });

    test('writes no secret to the log or to an error in any failure', async () => {
      const failures: Failure[] = [];
      const { trouble } = bench.service;
      for (const fault of [
        { wrong: true },
        { denied: true },
        { echoes: true },
        { throttled: 5 },
        { hangs: true },
      ]) {
        Object.assign(
          trouble,
          { wrong: false, denied: false, echoes: false, throttled: 0, hangs: false },
          fault,
        );
        failures.push(await failure((await bench.open()).sign(key, some)));
      }
      const text =
        bench.logged() + failures.map(({ message, cause }) => `${message} ${cause?.message}`).join();
      expect(text).toContain(': refused: ');
      for (const secret of bench.secrets) expect(text).not.toContain(secret);
    });
  });
}
