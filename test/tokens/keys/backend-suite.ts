/** What every backend does, whoever holds the keys; each has a test file that calls this with a bench of its own. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import type { KeyBackend, KeyRecord, NewKey } from '../../../src/tokens/keys/index.ts';
import { recordOf } from './records.ts';

export interface HolderBench {
  /** A backend as a replica has it; all of them are set up alike. */
  readonly open: () => Promise<KeyBackend>;
  /** Everything logged by any of them so far. */
  readonly logged: () => string;
  /** What must never stand in a log. */
  readonly secrets: readonly string[];
  readonly end: () => Promise<void>;
}

export const kept = ({ jwk, sealed }: NewKey): KeyRecord => ({
  ...recordOf(jwk.kid, jwk.alg, 'active'),
  jwk,
  sealed,
});

export const some = Buffer.from('some text');

/** A SojournError, as far as the tests look at it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly retryAfter?: number;
  readonly cause?: Error;
}

/** What the backend's promise is rejected with. */
export const failure = (promise: Promise<unknown>): Promise<Failure> =>
  promise.then(
    () => ({ code: 'no refusal', message: '' }),
    (error: unknown) => error as Failure,
  );

export function holderSuite(name: string, open: () => Promise<HolderBench>): void {
  let bench: HolderBench;
  let backend: KeyBackend;
  beforeEach(async () => {
    bench = await open();
    backend = await bench.open();
  });
  afterEach(() => bench.end());

  describe.each(['RS256', 'ES256'] as const)(`the backend ${name} with %s`, (alg) => {
    test('its public keys have the members that clouds take, and the thumbprint as kid', async () => {
      const { jwk } = await backend.createKey(alg);
      const members = alg === 'RS256' ? ['n', 'e'] : ['crv', 'x', 'y'];
      expect(Object.keys(jwk).sort()).toEqual(['kty', 'use', 'alg', 'kid', ...members].sort());
      expect(jwk.kid).toBe(await calculateJwkThumbprint({ ...jwk }));
      expect(jwk).toMatchObject({ alg, use: 'sig' });
    });

    test('its signatures verify under the public key that it names, and under no other text', async () => {
      const key = kept(await backend.createKey(alg));
      const signed = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.cGF5bG9hZA`;
      const publicKey = await importJWK({ ...key.jwk });
      // More than one, since a DER integer is at times a byte shorter or longer than the others.
      for (let count = 0; count < 40; count++) {
        const signature = Buffer.from(await backend.sign(key, Buffer.from(signed))).toString('base64url');
        const { payload } = await compactVerify(`${signed}.${signature}`, publicKey);
        expect(Buffer.from(payload).toString()).toBe('payload');
        await expect(compactVerify(`${signed}A.${signature}`, publicKey)).rejects.toMatchObject({
          code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
        });
      }
    });

    test('it signs a text of any length', async () => {
      const key = kept(await backend.createKey(alg));
      const signature = await backend.sign(key, Buffer.alloc(20_000, 'a'));
      expect(signature.length).toBe(alg === 'RS256' ? 256 : 64);
    });

    test('another replica signs with the same record', async () => {
      const key = kept(await backend.createKey(alg));
      const other = await bench.open();
      await other.check(key);
      expect((await other.sign(key, some)).length).toBe(alg === 'RS256' ? 256 : 64);
    });

    test('two keys are two keys', async () => {
      const [a, b] = [await backend.createKey(alg), await backend.createKey(alg)];
      expect(a.jwk.kid).not.toBe(b.jwk.kid);
      expect(a.sealed).not.toBe(b.sealed);
    });

    test('it refuses a record whose public half is another key', async () => {
      const [a, b] = [kept(await backend.createKey(alg)), kept(await backend.createKey(alg))];
      expect(await failure((await bench.open()).check({ ...a, sealed: b.sealed }))).toMatchObject({
        code: 'key_material_unusable',
        message: expect.stringContaining(`The signing key ${a.kid} cannot be used: `),
      });
    });

    test('it refuses a record that another backend made, or that can sign no more', async () => {
      const key = kept(await backend.createKey(alg));
      const replica = await bench.open();
      for (const sealed of ['made elsewhere', 'https://elsewhere.example/keys/a/b', '', null]) {
        const refusal = { code: 'key_material_unusable', status: 500 };
        expect(await failure(replica.check({ ...key, sealed }))).toMatchObject(refusal);
        expect(await failure(replica.sign({ ...key, sealed }, some))).toMatchObject(refusal);
      }
    });

    test('nothing secret stands in the log', async () => {
      const key = kept(await backend.createKey(alg));
      await backend.sign(key, some);
      await failure(backend.check({ ...key, sealed: 'made elsewhere' }));
      for (const secret of bench.secrets) expect(bench.logged()).not.toContain(secret);
    });
  });
}
