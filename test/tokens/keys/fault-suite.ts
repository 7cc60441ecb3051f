/** What a backend does while its key service fails; for the services of the tests, which can be told to. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KeyBackend, KeyRecord } from '../../../src/tokens/keys/index.ts';
import { type Failure, failure, type HolderBench, kept, some } from './backend-suite.ts';
import type { LocalService } from './services/local-service.ts';

export interface ServiceBench extends HolderBench {
  readonly service: LocalService & {
    set(reference: string, state: 'enabled' | 'disabled' | 'removed'): void;
  };
  /** What the log is to say of a key that was treated so; `KEY` stands for its reference. */
  readonly words: { readonly disabled: string; readonly removed: string; readonly denied: string };
}

/** Calls per request in trouble, as docs/key-backends.md promises. */
const callsPerRequest = 1.2;

export function faultSuite(name: string, open: () => Promise<ServiceBench>): void {
  describe(`the backend ${name} while its service fails`, () => {
    let bench: ServiceBench;
    let backend: KeyBackend;
    let key: KeyRecord;
    beforeEach(async () => {
      bench = await open();
      backend = await bench.open();
      key = kept(await backend.createKey('ES256'));
      bench.service.calls.length = 0;
    });
    afterEach(() => bench.end());

    const times = <T>(count: number, work: () => Promise<T>) =>
      Promise.all(Array.from({ length: count }, work));
    const codesOf = (failures: readonly Failure[]) => [...new Set(failures.map(({ code }) => code))];

    /** Until the backend signs again by itself. */
    async function recovers(): Promise<void> {
      for (let tries = 0; tries < 200; tries++) {
        const signed = await backend.sign(key, some).catch(() => undefined);
        if (signed) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(backend.failure?.()).toBeUndefined();
      expect(bench.logged()).toContain('the key service signs again');
    }

    const made = () =>
      bench.service.calls.filter(({ url, headers, method }) =>
        headers['x-amz-target']
          ? headers['x-amz-target'] === 'TrentService.CreateKey'
          : method === 'POST' && /cryptoKeyVersions$|\/create\?/.test(url),
      ).length;

    test('a signature whose answer was lost is asked for once more, a new key is not', async () => {
      bench.service.trouble.lost = 1;
      expect((await backend.sign(key, some)).length).toBe(64);
      expect(bench.service.calls.length).toBe(2);
      bench.service.trouble.lost = 1;
      expect(await failure(backend.createKey('ES256'))).toMatchObject({
        code: 'key_backend_unavailable',
        status: 503,
      });
      expect(made()).toBe(1);
    });

    test('one throttled call is made once more', async () => {
      bench.service.trouble.throttled = 1;
      expect((await backend.sign(key, some)).length).toBe(64);
      expect(bench.service.calls.length).toBe(2);
    });

    test('a service that goes on throttling gets hardly more calls than there are requests', async () => {
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

    test('a signature by another key is never returned, and told loudly', async () => {
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
      'a key that was %s is told by name, and serves again when it is back',
      async (state) => {
        bench.service.set(key.sealed!, state);
        const words = bench.words[state].replace('KEY', key.sealed!);
        const failures = await times(50, () => failure(backend.sign(key, some)));
        expect(codesOf(failures)).toEqual(['key_backend_refused']);
        expect(failures[0]).toMatchObject({
          status: 503,
          message: 'The key service refuses to sign with this key.',
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

    test('the other keys sign on while one is refused', async () => {
      const other = kept(await backend.createKey('RS256'));
      bench.service.set(key.sealed!, 'disabled');
      expect(await failure(backend.sign(key, some))).toMatchObject({ code: 'key_backend_refused' });
      expect((await backend.sign(other, some)).length).toBe(256);
    });

    test('denied access is told by name, for a signature and for a new key', async () => {
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

    test('a key that was made and cannot be used yet is not made again', async () => {
      bench.service.trouble.wrong = true;
      expect(await failure(backend.createKey('ES256'))).toMatchObject({
        code: 'key_backend_signature_invalid',
      });
      expect(await failure(backend.createKey('ES256'))).toMatchObject({
        code: 'key_backend_signature_invalid',
      });
      bench.service.trouble.wrong = false;
      expect((await failure(backend.createKey('ES256'))).code).toBe('no refusal');
      expect(made()).toBe(1);
    });

    test('a service that never answers keeps no request, and is soon left alone', async () => {
      bench.service.trouble.hangs = true;
      const failures = await times(200, () => failure(backend.sign(key, some)));
      expect(codesOf(failures)).toEqual(['key_backend_unavailable']);
      expect(failures.every(({ status, retryAfter }) => status === 503 && retryAfter === 1)).toBe(true);
      expect(bench.service.calls.length).toBeLessThanOrEqual(50);
      bench.service.trouble.hangs = false;
      await recovers();
    });

    test('a slow service signs all the same, for as many as it can', async () => {
      bench.service.trouble.delayMs = 300;
      const signatures = await times(40, () => backend.sign(key, some));
      expect(signatures.map(({ length }) => length)).toEqual(Array.from({ length: 40 }, () => 64));
    });

    test('a refused connection is no storm of calls, and over by itself', async () => {
      await bench.service.stop();
      const failures = await times(50, () => failure(backend.sign(key, some)));
      expect(codesOf(failures)).toEqual(['key_backend_unavailable']);
      expect(backend.failure?.()).toContain('ECONNREFUSED');
      await bench.service.startAgain();
      await recovers();
    });

    test('a replica that starts meanwhile starts, and says which key it could not try', async () => {
      await bench.service.stop();
      const replica = await bench.open();
      await replica.check(key);
      expect(bench.logged()).toContain('the key could not be tried');
      expect(bench.logged()).toContain(key.kid);
      expect(await failure(replica.sign(key, some))).toMatchObject({
        code: 'key_backend_unavailable',
        status: 503,
      });
    });

    test('nothing secret stands in the log or in an error, whatever fails', async () => {
      const told: Failure[] = [];
      const { trouble } = bench.service;
      for (const fault of [{ wrong: true }, { denied: true }, { throttled: 5 }, { hangs: true }]) {
        Object.assign(trouble, { wrong: false, denied: false, throttled: 0, hangs: false }, fault);
        told.push(await failure((await bench.open()).sign(key, some)));
      }
      const text = bench.logged() + told.map(({ message, cause }) => `${message} ${cause?.message}`).join();
      for (const secret of bench.secrets) expect(text).not.toContain(secret);
    });
  });
}
