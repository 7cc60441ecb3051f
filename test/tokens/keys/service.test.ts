import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { sleep } from '../../../src/platform/time/index.ts';
import { crc32c } from '../../../src/tokens/keys/gcp-kms/crc32c.ts';
import { AccessTokenSource } from '../../../src/tokens/keys/service/access-token.ts';
import type { KeyService } from '../../../src/tokens/keys/service/contract.ts';
import { serviceBackend } from '../../../src/tokens/keys/service/index.ts';
import { rawSignature } from '../../../src/tokens/keys/service/signature.ts';
import { failure, recordFrom, some } from './backend-suite.ts';

const logger = createLogger({ destination: { write: () => undefined } });

/** A service that returns signatures when the test allows it and ignores abort signals, as a PKCS#11 module does. */
function stubborn(atOnce: number) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signature = (data: Uint8Array) =>
    sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const held: (() => void)[] = [];
  const state = { holding: false, calls: 0 };
  const service: KeyService = {
    name: 'The stubborn one',
    maxConcurrency: atOnce,
    isReference: () => true,
    create: async () => 'key',
    publicKey: async () => publicKey,
    sign: (_reference, _alg, data) => {
      state.calls++;
      if (!state.holding) return Promise.resolve(signature(data));
      return new Promise((resolve) => held.push(() => resolve(signature(data))));
    },
  };
  const letGo = () => {
    state.holding = false;
    for (const go of held.splice(0)) go();
  };
  return { service, state, letGo };
}

const limits = { maxQueued: 10, failureThreshold: 5, openMs: 50, signTimeoutMs: 200, createTimeoutMs: 5_000 };

describe('a key service whose calls cannot be aborted', () => {
  test('accepts no further call while its hanging calls use all slots', async () => {
    const { service, state, letGo } = stubborn(2);
    const backend = serviceBackend(service, { logger, limits });
    const key = recordFrom(await backend.createKey('ES256'));
    state.calls = 0;
    state.holding = true;
    for (let round = 0; round < 5; round++) {
      const failures = await Promise.all(Array.from({ length: 20 }, () => failure(backend.sign(key, some))));
      expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['key_backend_unavailable']));
    }
    expect(state.calls).toBe(2);
    letGo();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await backend.sign(key, some)).length).toBe(64);
  });

  test('refuses a call at once when its queue is full', async () => {
    const { service, state, letGo } = stubborn(1);
    const backend = serviceBackend(service, { logger, limits: { ...limits, signTimeoutMs: 10_000 } });
    const key = recordFrom(await backend.createKey('ES256'));
    state.holding = true;
    const waiting = Array.from({ length: 11 }, () => backend.sign(key, some));
    expect(await failure(backend.sign(key, some))).toMatchObject({
      code: 'key_backend_unavailable',
      retryAfter: 1,
    });
    letGo();
    expect((await Promise.all(waiting)).map(({ length }) => length)).toEqual(
      Array.from({ length: 11 }, () => 64),
    );
  });
});

/** A service with a new key pair for each `create`, whose first signature fails if `failing` is set. */
function creating() {
  const pairs: ReturnType<typeof newPair>[] = [];
  const state = { failing: false };
  const pairOf = (reference: string) => pairs[Number(reference)]!;
  const service: KeyService = {
    name: 'The creating one',
    maxConcurrency: 10,
    isReference: () => true,
    create: async () => String(pairs.push(newPair()) - 1),
    publicKey: async (reference) => {
      await sleep(20);
      return pairOf(reference).publicKey;
    },
    sign: async (reference, _alg, data) => {
      if (state.failing) throw new SojournError('key_backend_unavailable');
      return sign('sha256', data, { key: pairOf(reference).privateKey, dsaEncoding: 'ieee-p1363' });
    },
  };
  return { service, pairs, state };
}

const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('creating keys in a key service', () => {
  test('gives concurrent callers a key each', async () => {
    const { service, pairs } = creating();
    const backend = serviceBackend(service, { logger, limits });
    const create = async (delay: number) => {
      await sleep(delay);
      return backend.createKey('ES256');
    };
    const keys = await Promise.all([0, 0, 5, 10, 15].map(create));
    expect(new Set(keys.map(({ jwk }) => jwk.kid)).size).toBe(5);
    expect(pairs).toHaveLength(5);
  });

  test('uses keys that were not seen to sign for the next attempts, each once', async () => {
    const { service, pairs, state } = creating();
    const backend = serviceBackend(service, { logger, limits: { ...limits, openMs: 1 } });
    state.failing = true;
    await Promise.all([1, 2].map(() => failure(backend.createKey('ES256'))));
    expect(pairs).toHaveLength(2);
    state.failing = false;
    await sleep(2);
    // Alone, because it closes the circuit breaker.
    const first = await backend.createKey('ES256');
    const keys = [first, ...(await Promise.all([1, 2].map(() => backend.createKey('ES256'))))];
    expect(keys.map(({ sealed }) => sealed).toSorted()).toEqual(['0', '1', '2']);
  });
});

describe('a DER signature', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = () => sign('sha256', some, privateKey);

  test('becomes r and s of 32 bytes each', () => {
    const number = fc.uint8Array({ minLength: 1, maxLength: 32 }).filter(([first = 0]) => first > 0);
    fc.assert(
      fc.property(number, number, (r, s) => {
        const integer = (value: Uint8Array) => {
          const positive = value[0]! > 0x7f ? [0, ...value] : [...value];
          return [2, positive.length, ...positive];
        };
        const body = [...integer(r), ...integer(s)];
        const raw = rawSignature(Uint8Array.from([0x30, body.length, ...body]));
        const filled = (value: Uint8Array) => Buffer.concat([Buffer.alloc(32 - value.length), value]);
        expect(Buffer.from(raw!)).toEqual(Buffer.concat([filled(r), filled(s)]));
      }),
    );
  });

  test.each([
    ['cut short', () => der().subarray(0, -1)],
    ['longer than it says', () => Buffer.concat([der(), Buffer.from([0])])],
    ['empty', () => Buffer.alloc(0)],
    ['raw already', () => sign('sha256', some, { key: privateKey, dsaEncoding: 'ieee-p1363' as const })],
    ['with a negative r', () => Buffer.from('30060201ff020101', 'hex')],
    ['with an r of 33 bytes', () => Buffer.from(`30260221${'01'.repeat(33)}020101`, 'hex')],
    ['something else', () => publicKey.export({ format: 'der', type: 'spki' })],
  ])('that is %s is rejected', (_, make) => {
    expect(rawSignature(make())).toBeUndefined();
  });
});

test('crc32c computes the checksum of RFC 3720, not that of zip', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(String(0xe3069283));
  expect(crc32c(Buffer.alloc(32))).toBe(String(0x8a9136aa));
});

describe('the access token for a key service', () => {
  const minute = 60_000;
  function source() {
    const clock = { ms: 0 };
    const state = { fetched: 0, fails: false };
    const tokens = new AccessTokenSource(
      async () => {
        state.fetched++;
        if (state.fails) throw new Error('nobody there');
        return { value: `token ${state.fetched}`, expiresAt: clock.ms + 60 * minute };
      },
      () => clock.ms,
    );
    return { clock, state, tokens };
  }

  test('is fetched once for concurrent callers, and cached', async () => {
    const { state, tokens } = source();
    expect(await Promise.all([tokens.get(), tokens.get(), tokens.get()])).toEqual([
      'token 1',
      'token 1',
      'token 1',
    ]);
    expect(await tokens.get()).toBe('token 1');
    expect(state.fetched).toBe(1);
  });

  test('is renewed in its last minutes while the old one stays in use, even if the renewal fails', async () => {
    const { clock, state, tokens } = source();
    await tokens.get();
    clock.ms = 56 * minute;
    state.fails = true;
    for (let count = 0; count < 10; count++) {
      expect(await tokens.get()).toBe('token 1');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(state.fetched).toBe(2);
    clock.ms = 60 * minute;
    await expect(tokens.get()).rejects.toThrow('nobody there');
    state.fails = false;
    expect(await tokens.get()).toBe('token 4');
  });

  test('is fetched again after the service rejects it', async () => {
    const { tokens } = source();
    tokens.forget(await tokens.get());
    expect(await tokens.get()).toBe('token 2');
  });
});
