import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compactVerify, importJWK } from 'jose';
import type { Keyring } from '../../../src/tokens/keys/index.ts';
import { type KeysBench, keysBench, kidsOf, statesOf } from './bench.ts';
import { day, hour, noon, second } from './records.ts';

let bench: KeysBench;
beforeEach(async () => {
  bench = await keysBench();
});
afterEach(() => bench.end());

const published = (keyring: Keyring) => keyring.publicKeys().map(({ kid }) => kid);

/** Whether a signature by `kid` verifies with its key in the JWKS. */
async function signs(keyring: Keyring, kid: string): Promise<boolean> {
  const jwk = keyring.publicKeys().find((key) => key.kid === kid)!;
  const input = `${Buffer.from(JSON.stringify({ alg: jwk.alg })).toString('base64url')}.e30`;
  const signature = Buffer.from(await keyring.sign(kid, Buffer.from(input))).toString('base64url');
  return compactVerify(`${input}.${signature}`, await importJWK({ ...jwk })).then(() => true);
}

describe('a start', () => {
  test('of a new server creates and records an active and a next key for each algorithm', async () => {
    const keyring = await bench.replica({ algorithms: ['RS256', 'ES256'] });
    expect(statesOf(keyring)).toEqual(['RS256 active', 'RS256 next', 'ES256 active', 'ES256 next']);
    expect(keyring.list().map(({ published_at, activated_at }) => [published_at, activated_at])).toEqual([
      [noon, noon],
      [noon, null],
      [noon, noon],
      [noon, null],
    ]);
    expect(bench.changes).toEqual(keyring.list().map(({ kid, alg }) => ({ event: 'key.created', kid, alg })));
    for (const alg of ['RS256', 'ES256'] as const) {
      expect(await signs(keyring, keyring.active(alg).kid)).toBe(true);
    }
  });

  test('of an existing server creates nothing and signs with the same keys', async () => {
    const first = await bench.replica();
    const changeCount = bench.changes.length;
    const second = await bench.replica();
    expect(second.list()).toEqual(first.list());
    expect(bench.changes).toHaveLength(changeCount);
    expect(await signs(second, first.active('ES256').kid)).toBe(true);
  });

  test('with connections but without keys in the store is refused, and creates no key', async () => {
    await bench.store.insert('connection', 'con_1', {}, { within: 'ten_1' });
    await expect(bench.replica()).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The issuer exists, but its signing keys are neither in the store nor in ${bench.folder('keys')}/ring.json.`,
      advice: 'Restore the keys from a backup. New keys would lock out every customer until they trust them.',
    });
    expect(await bench.store.get('ring', 'shared')).toBeUndefined();
    expect(bench.changes).toEqual([]);
    await expect(bench.filesIn('keys')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('creates keys for an added algorithm, and keeps the keys of a removed one active and published', async () => {
    const before = kidsOf(await bench.replica({ algorithms: ['ES256'] }));
    const both = await bench.replica({ algorithms: ['RS256'] });
    expect(statesOf(both)).toEqual(['ES256 active', 'ES256 next', 'RS256 active', 'RS256 next']);
    expect(kidsOf(both).slice(0, 2)).toEqual(before);
    expect(await signs(both, before[0]!)).toBe(true);
  });
});

describe('a rotation', () => {
  test('before the publish_lead ends is refused with the earliest time, and changes nothing', async () => {
    const keyring = await bench.replica();
    const [copy, changeCount] = [await bench.copy(), bench.changes.length];
    bench.clock.ms += day - 90 * second;
    const next = keyring.list()[1]!.kid;
    await expect(keyring.rotate()).rejects.toMatchObject({
      code: 'key_not_ready',
      message: `The next ES256 key ${next} may not sign before 2026-11-24T12:00:00.000Z.`,
      retryAfter: 90,
    });
    expect(await bench.copy()).toBe(copy);
    expect(bench.changes).toHaveLength(changeCount);
  });

  test('is refused for all algorithms if one of them is not ready', async () => {
    await bench.replica({ algorithms: ['ES256'] });
    bench.clock.ms += 2 * day;
    const both = await bench.replica({ algorithms: ['RS256', 'ES256'] });
    const before = statesOf(both);
    await expect(both.rotate()).rejects.toMatchObject({ code: 'key_not_ready' });
    expect(statesOf(both)).toEqual(before);
  });

  test('after the publish_lead activates the published key and creates a new next key', async () => {
    const keyring = await bench.replica({ algorithms: ['RS256', 'ES256'] });
    const [rsOld, rsNew, esOld, esNew] = kidsOf(keyring) as [string, string, string, string];
    bench.clock.ms += day;
    await keyring.rotate();
    expect(statesOf(keyring)).toEqual([
      'RS256 retired',
      'RS256 active',
      'ES256 retired',
      'ES256 active',
      'RS256 next',
      'ES256 next',
    ]);
    const [rsNext, esNext] = kidsOf(keyring).slice(4) as [string, string];
    expect(published(keyring)).toEqual([rsNew, esNew, rsNext, esNext, rsOld, esOld]);
    expect([keyring.active('RS256').kid, keyring.active('ES256').kid]).toEqual([rsNew, esNew]);
    expect(bench.changes.slice(4).map(({ event, kid }) => [event, kid])).toEqual([
      ['key.activated', rsNew],
      ['key.activated', esNew],
      ['key.created', rsNext],
      ['key.created', esNext],
    ]);
    expect(await signs(keyring, rsNew)).toBe(true);
  });

  test('happens automatically when it is due, and the retired key is removed when no token needs it', async () => {
    const keyring = await bench.replica();
    const [first, second] = kidsOf(keyring) as [string, string];
    bench.clock.ms += 30 * day;
    await keyring.advance();
    expect(statesOf(keyring)).toEqual(['ES256 retired', 'ES256 active', 'ES256 next']);
    bench.clock.ms += 26 * hour + 310_000 - 1;
    await keyring.advance();
    expect(published(keyring)).toContain(first);
    bench.clock.ms += 1;
    await keyring.advance();
    expect(published(keyring)).not.toContain(first);
    expect(keyring.active('ES256').kid).toBe(second);
    expect(bench.changes.at(-1)).toEqual({ event: 'key.removed', kid: first, alg: 'ES256' });
  });

  test('removes fifty retired keys that are due at once', async () => {
    const short = { timing: { publishLead: 0, rotateEvery: 100 * day } };
    const keyring = await bench.replica(short);
    for (let i = 0; i < 52; i++) await keyring.rotate();
    expect(keyring.list()).toHaveLength(54);
    bench.clock.ms += 2 * day;
    expect(statesOf(await bench.replica(short))).toEqual(['ES256 active', 'ES256 next']);
  });

  test('allows requests to finish with the old key for ten seconds, even on a replica that never used it', async () => {
    const keyring = await bench.replica();
    const other = await bench.replica({ folder: 'other' });
    bench.clock.ms += day;
    await keyring.rotate();
    await other.refresh();
    const second = keyring.active('ES256').kid;
    bench.clock.ms += day;
    await keyring.rotate();
    await other.refresh();
    expect(other.active('ES256').kid).not.toBe(second);
    for (const replica of [keyring, other]) expect(await signs(replica, second)).toBe(true);
    bench.clock.ms += 10_000;
    for (const replica of [keyring, other]) {
      await expect(replica.sign(second, Buffer.from('x'))).rejects.toMatchObject({
        code: 'keys_unavailable',
        message: `The key ${second} is not active.`,
      });
    }
  });

  test('scheduled for a time happens at that time, and can be cancelled before', async () => {
    const keyring = await bench.replica();
    const [first, second] = kidsOf(keyring) as [string, string];
    await expect(keyring.rotate({ activateAt: noon + day - 1 })).rejects.toMatchObject({
      code: 'key_not_ready',
    });
    const changeCount = bench.changes.length;
    await keyring.rotate({ activateAt: noon + 2 * day });
    expect(keyring.list().map(({ state, activate_at }) => [state, activate_at])).toEqual([
      ['active', null],
      ['next', noon + 2 * day],
    ]);
    expect(bench.changes).toHaveLength(changeCount);

    await keyring.cancelRotation();
    bench.clock.ms += 3 * day;
    await keyring.advance();
    expect(keyring.active('ES256').kid).toBe(first);

    await keyring.rotate({ activateAt: noon + 4 * day });
    const other = await bench.replica({ folder: 'other' });
    bench.clock.ms += day - 1;
    await other.advance();
    expect(other.active('ES256').kid).toBe(first);
    bench.clock.ms += 1;
    await other.advance();
    expect(other.active('ES256').kid).toBe(second);
    expect(other.list().map(({ activate_at }) => activate_at)).toEqual([null, null, null]);
  });

  test('scheduled again for the same time includes a next key created since', async () => {
    const keyring = await bench.replica({ algorithms: ['RS256', 'ES256'] });
    const at = noon + 10 * day;
    await keyring.rotate({ activateAt: at });
    await keyring.revoke(keyring.list().find(({ alg, state }) => alg === 'ES256' && state === 'next')!.kid);
    await keyring.rotate({ activateAt: at });
    const next = keyring.list().filter(({ state }) => state === 'next');
    expect(next.map(({ alg, activate_at }) => [alg, activate_at])).toEqual([
      ['RS256', at],
      ['ES256', at],
    ]);
  });

  test('scheduled for later than the regular rotation waits for the scheduled time', async () => {
    const keyring = await bench.replica();
    const first = keyring.active('ES256').kid;
    await keyring.rotate({ activateAt: noon + 40 * day });
    bench.clock.ms += 39 * day;
    await keyring.advance();
    expect(keyring.active('ES256').kid).toBe(first);
    bench.clock.ms += day;
    await keyring.advance();
    expect(keyring.active('ES256').kid).not.toBe(first);
  });

  test('is postponed while verifiers would not find the key, is logged once, and resumes automatically', async () => {
    let obstacles = ['https://id.example.com/jwks does not list it'];
    const keyring = await bench.replica({ obstacles: async () => obstacles });
    const [first, second] = kidsOf(keyring) as [string, string];
    bench.clock.ms += 31 * day;
    for (let round = 0; round < 3; round++) await keyring.advance();
    const waiting = { kid: second, alg: 'ES256', obstacles, since: noon + 31 * day };
    expect([keyring.active('ES256').kid, keyring.postponed, bench.postponed]).toEqual([
      first,
      [waiting],
      [waiting],
    ]);

    bench.clock.ms += hour;
    obstacles = ['https://id.example.com/jwks answers 503'];
    await keyring.advance();
    expect(bench.postponed.slice(1)).toEqual([{ ...waiting, obstacles }]);

    obstacles = [];
    await keyring.advance();
    expect([keyring.active('ES256').kid, keyring.postponed]).toEqual([second, []]);
    expect(bench.postponed).toHaveLength(2);
  });

  test('postponed for one algorithm does not delay the other algorithm or other due steps', async () => {
    const keyring = await bench.replica({
      algorithms: ['RS256', 'ES256'],
      obstacles: async ({ alg }) => (alg === 'RS256' ? ['not there'] : []),
    });
    bench.clock.ms += 31 * day;
    await keyring.advance();
    expect(statesOf(keyring)).toEqual([
      'RS256 active',
      'RS256 next',
      'ES256 retired',
      'ES256 active',
      'ES256 next',
    ]);
    bench.clock.ms += 2 * day;
    await keyring.advance();
    expect(statesOf(keyring)).toEqual(['RS256 active', 'RS256 next', 'ES256 active', 'ES256 next']);
  });

  test('requested while verifiers would not find the key is refused unless it is overridden', async () => {
    const keyring = await bench.replica({
      obstacles: async () => ['the copy does not list it', 'nor the origin'],
    });
    const [first, second] = kidsOf(keyring) as [string, string];
    bench.clock.ms += day;
    await expect(keyring.rotate()).rejects.toMatchObject({
      code: 'key_not_propagated',
      message: `The next ES256 key ${second} cannot sign yet: the copy does not list it; nor the origin.`,
    });
    expect(keyring.active('ES256').kid).toBe(first);
    await keyring.rotate({ override: true });
    expect(keyring.active('ES256').kid).toBe(second);
  });

  test('after a revocation activates the next key at once, without a propagation check', async () => {
    const keyring = await bench.replica({ obstacles: async () => ['not there'] });
    const [first, second] = kidsOf(keyring) as [string, string];
    await keyring.revoke(first);
    expect(keyring.active('ES256').kid).toBe(second);
    expect(bench.changes.at(-2)).toEqual({
      event: 'key.activated',
      kid: second,
      alg: 'ES256',
      publishLeadSkipped: true,
    });
  });

  test('does not let a next key or an unknown key sign', async () => {
    const keyring = await bench.replica();
    for (const kid of [kidsOf(keyring)[1]!, 'unknown', '__proto__', '../ring.json']) {
      await expect(keyring.sign(kid, Buffer.from('x'))).rejects.toMatchObject({ code: 'keys_unavailable' });
    }
  });
});

describe('a revocation', () => {
  test('removes the active key from the JWKS, and records that the next one skipped its publish_lead', async () => {
    const keyring = await bench.replica();
    const [first, second] = kidsOf(keyring) as [string, string];
    await keyring.revoke(first);
    expect(statesOf(keyring)).toEqual(['ES256 revoked', 'ES256 active', 'ES256 next']);
    expect(published(keyring)).not.toContain(first);
    expect(keyring.active('ES256').kid).toBe(second);
    await expect(keyring.sign(first, Buffer.from('x'))).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect(bench.changes.slice(2).map(({ event, kid }) => [event, kid])).toEqual([
      ['key.revoked', first],
      ['key.activated', second],
      ['key.created', kidsOf(keyring)[2]],
    ]);
    const line = bench
      .logged()
      .split('\n')
      .find((text) => text.includes('activating a key before'));
    expect(JSON.parse(line!)).toMatchObject({ level: 'warn', kid: second, alg: 'ES256' });
  });

  test('of every usable key creates a new active key', async () => {
    const keyring = await bench.replica();
    const before = kidsOf(keyring);
    await keyring.revoke(before[1]!);
    await keyring.revoke(before[0]!);
    expect(
      keyring
        .list()
        .filter(({ state }) => state !== 'revoked')
        .map(({ state }) => state),
    ).toEqual(['active', 'next']);
    expect(await signs(keyring, keyring.active('ES256').kid)).toBe(true);
    expect(before).not.toContain(keyring.active('ES256').kid);
  });

  test('of a key that retired less than ten seconds ago prevents requests from using it any longer', async () => {
    const keyring = await bench.replica();
    const first = kidsOf(keyring)[0]!;
    bench.clock.ms += day;
    await keyring.rotate();
    await keyring.revoke(first);
    await expect(keyring.sign(first, Buffer.from('x'))).rejects.toMatchObject({ code: 'keys_unavailable' });
  });

  test('of a revoked key changes nothing, and of an unknown kid is refused', async () => {
    const keyring = await bench.replica();
    await keyring.revoke(kidsOf(keyring)[0]!);
    const [copy, changeCount] = [await bench.copy(), bench.changes.length];
    await keyring.revoke(kidsOf(keyring)[0]!);
    expect([await bench.copy(), bench.changes.length]).toEqual([copy, changeCount]);
    await expect(keyring.revoke('unknown')).rejects.toMatchObject({
      code: 'key_not_found',
      message: 'There is no key unknown.',
    });
  });

  test('survives the loss of the store', async () => {
    const keyring = await bench.replica();
    const first = kidsOf(keyring)[0]!;
    await keyring.revoke(first);
    const again = await bench.replica({ store: await bench.openStore('emptied') });
    expect(again.list()).toEqual(keyring.list());
    expect(published(again)).not.toContain(first);
  });
});
