import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { backendSuite, failure, recordFrom, some } from './backend-suite.ts';
import { holderOpener } from './open-backend.ts';
import { serverSuite } from './server-suite.ts';
import { pin, softHsm } from './services/softhsm.ts';

let hsm: Awaited<ReturnType<typeof softHsm>>;
beforeAll(async () => {
  hsm = await softHsm(['sojourn', 'server', 'wrong-pin']);
});
afterAll(() => hsm.end());

const settings = (changed: Record<string, string> = {}) => ({
  backend: 'pkcs11',
  pkcs11: { module: hsm.module, token_label: 'sojourn', pin: 'env:TOKEN_PIN', ...changed },
});

function bench(changed: Record<string, string> = {}, env = { TOKEN_PIN: pin }) {
  const { open, logged, close } = holderOpener(settings(changed), env);
  return { open, logged, secrets: [pin], end: close };
}

backendSuite('pkcs11', async () => bench());

describe('the backend pkcs11', () => {
  test('creates private keys that cannot be read even with the PIN', async () => {
    const { open, end } = bench();
    const backend = await open();
    const { sealed } = await backend.createKey('RS256');
    expect(await hsm.readPrivate('sojourn', sealed)).toMatch(/^CKR_ATTRIBUTE_SENSITIVE, CKR_/);
    const ec = await backend.createKey('ES256');
    expect(await hsm.readPrivate('sojourn', ec.sealed)).toMatch(/^CKR_[A-Z_]+, CKR_ATTRIBUTE_SENSITIVE$/);
    await end();
  });

  test('names a deleted key in the error, while the other keys keep signing', async () => {
    const { open, end, logged } = bench();
    const backend = await open();
    const [gone, other] = [
      recordFrom(await backend.createKey('ES256')),
      recordFrom(await backend.createKey('ES256')),
    ];
    expect(await hsm.remove('sojourn', gone.sealed!)).toBe('1 found');
    const refusal = { code: 'key_backend_refused', status: 503, retryAfter: 5 };
    expect(await failure(backend.sign(gone, some))).toMatchObject(refusal);
    const words = `PKCS#11: the token has no key with the CKA_ID ${gone.sealed}`;
    expect(backend.failure?.()).toBe(words);
    expect(logged()).toContain(words);
    expect((await backend.sign(other, some)).length).toBe(64);
    expect(await failure((await open()).check(gone))).toMatchObject({
      code: 'key_material_unusable',
      message: `The signing key ${gone.kid} cannot be used: ${words}.`,
    });
    await end();
  });

  test('tries a wrong PIN only once, because the token would lock itself', async () => {
    const { open, end, logged } = bench({ token_label: 'wrong-pin' }, { TOKEN_PIN: 'not-the-pin' });
    const backend = await open();
    for (let count = 0; count < 3; count++) {
      expect(await failure(backend.createKey('ES256'))).toMatchObject({
        code: 'key_backend_refused',
        message:
          'The key service cannot create an ES256 key: PKCS#11: the token rejects the PIN (CKR_PIN_INCORRECT); it is not tried again before a restart.',
      });
    }
    expect(logged()).not.toContain('not-the-pin');
    await end();
    // The token still accepts the right PIN.
    const right = bench({ token_label: 'wrong-pin' });
    expect((await (await right.open()).createKey('ES256')).jwk.alg).toBe('ES256');
    await right.end();
  });

  test('names a missing token and an unusable module in the error', async () => {
    const absent = bench({ token_label: 'nowhere' });
    expect(await failure((await absent.open()).createKey('ES256'))).toMatchObject({
      status: 503,
      message: 'The key service cannot create an ES256 key: PKCS#11: no token has the label nowhere.',
    });
    await absent.end();
    const none = bench({ module: import.meta.filename });
    expect(await failure((await none.open()).createKey('ES256'))).toMatchObject({
      status: 503,
      message: expect.stringContaining(`PKCS#11: the module ${import.meta.filename} cannot be loaded`),
    });
    await none.end();
  });

  test('reopens a lost session for the same request', async () => {
    const { open, end } = bench();
    const backend = await open();
    const key = recordFrom(await backend.createKey('ES256'));
    await hsm.endSessions('sojourn');
    expect((await backend.sign(key, some)).length).toBe(64);
    expect(backend.failure?.()).toBeUndefined();
    await end();
  });

  test('signs fifty concurrent requests one after the other', async () => {
    const { open, end } = bench();
    const backend = await open();
    const key = recordFrom(await backend.createKey('RS256'));
    const signatures = await Promise.all(Array.from({ length: 50 }, () => backend.sign(key, some)));
    expect(new Set(signatures.map(({ length }) => length))).toEqual(new Set([256]));
    await end();
  });
});

serverSuite('pkcs11', async () => ({
  keys: settings({ token_label: 'server', pin: `file:${hsm.pinFile}` }),
  secrets: [pin],
  reason: /PKCS#11: the token has no key with the CKA_ID/,
  interrupt: async () => void (await hsm.remove('server', 'all')),
  starts: false,
  end: async () => undefined,
}));
