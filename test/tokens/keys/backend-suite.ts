/** The tests that every backend must pass. Each backend's test file calls this with its own bench. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import type { KeyBackend, KeyRecord, NewKey } from '../../../src/tokens/keys/index.ts';
import { recordOf } from './records.ts';

export interface HolderBench {
  /** A backend of one replica; all have the same settings. */
  readonly open: () => Promise<KeyBackend>;
  /** The log lines of all of them so far. */
  readonly logged: () => string;
  /** Secrets that must never appear in a log. */
  readonly secrets: readonly string[];
  readonly end: () => Promise<void>;
}

export const recordFrom = ({ jwk, sealed }: NewKey): KeyRecord => ({
  ...recordOf(jwk.kid, jwk.alg, 'active'),
  jwk,
  sealed,
});

export const some = Buffer.from('some text');

/** The members of a SojournError that the tests read. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly retryAfter?: number;
  readonly cause?: Error;
}

/** The error with which the promise rejects. */
export const failure = (promise: Promise<unknown>): Promise<Failure> =>
  promise.then(
    () => ({ code: 'no refusal', message: '' }),
    (error: unknown) => error as Failure,
  );

export function backendSuite(name: string, open: () => Promise<HolderBench>): void {
  let bench: HolderBench;
  let backend: KeyBackend;
  beforeEach(async () => {
    bench = await open();
    backend = await bench.open();
  });
  afterEach(() => bench.end());

  describe.each(['RS256', 'ES256'] as const)(`the backend ${name} with %s`, (alg) => {
    test('returns public keys with the members that clouds accept and the thumbprint as kid', async () => {
      const { jwk } = await backend.createKey(alg);
      const members = alg === 'RS256' ? ['n', 'e'] : ['crv', 'x', 'y'];
      expect(Object.keys(jwk).sort()).toEqual(['kty', 'use', 'alg', 'kid', ...members].sort());
      expect(jwk.kid).toBe(await calculateJwkThumbprint({ ...jwk }));
      expect(jwk).toMatchObject({ alg, use: 'sig' });
    });

    test('makes signatures that verify only with its public key and the signed text', async () => {
      const key = recordFrom(await backend.createKey(alg));
      const signed = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.cGF5bG9hZA`;
      const publicKey = await importJWK({ ...key.jwk });
      // Several, because the length of a DER integer varies.
      for (let count = 0; count < 40; count++) {
        const signature = Buffer.from(await backend.sign(key, Buffer.from(signed))).toString('base64url');
        const { payload } = await compactVerify(`${signed}.${signature}`, publicKey);
        expect(Buffer.from(payload).toString()).toBe('payload');
        await expect(compactVerify(`${signed}A.${signature}`, publicKey)).rejects.toMatchObject({
          code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
        });
      }
    });

    test('signs a text of any length', async () => {
      const key = recordFrom(await backend.createKey(alg));
      const signature = await backend.sign(key, Buffer.alloc(20_000, 'a'));
      expect(signature.length).toBe(alg === 'RS256' ? 256 : 64);
    });

    test('signs with a key record that another replica created', async () => {
      const key = recordFrom(await backend.createKey(alg));
      const other = await bench.open();
      await other.check(key);
      expect((await other.sign(key, some)).length).toBe(alg === 'RS256' ? 256 : 64);
    });

    test('creates a different key each time', async () => {
      const [a, b] = [await backend.createKey(alg), await backend.createKey(alg)];
      expect(a.jwk.kid).not.toBe(b.jwk.kid);
      expect(a.sealed).not.toBe(b.sealed);
    });

    test('refuses a record with the public key of another key', async () => {
      const [a, b] = [recordFrom(await backend.createKey(alg)), recordFrom(await backend.createKey(alg))];
      expect(await failure((await bench.open()).check({ ...a, sealed: b.sealed }))).toMatchObject({
        code: 'key_material_unusable',
        message: expect.stringContaining(`The signing key ${a.kid} cannot be used: `),
      });
    });

    test('refuses a record of another backend, or of a key that can no longer sign', async () => {
      const key = recordFrom(await backend.createKey(alg));
      const replica = await bench.open();
      for (const sealed of ['made elsewhere', 'https://elsewhere.example/keys/a/b', '', null]) {
        const refusal = { code: 'key_material_unusable', status: 500 };
        expect(await failure(replica.check({ ...key, sealed }))).toMatchObject(refusal);
        expect(await failure(replica.sign({ ...key, sealed }, some))).toMatchObject(refusal);
      }
    });

    test('writes no secret to the log', async () => {
      const key = recordFrom(await backend.createKey(alg));
      await backend.sign(key, some);
      await failure(backend.check({ ...key, sealed: 'made elsewhere' }));
      for (const secret of bench.secrets) expect(bench.logged()).not.toContain(secret);
    });
  });
}
