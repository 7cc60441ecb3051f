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

const published = (keyring: Keyring) => keyring.jwks().map(({ kid }) => kid);

/** Whether a signature by `kid` verifies under the key that the JWKS has for it. */
async function signs(keyring: Keyring, kid: string): Promise<boolean> {
  const jwk = keyring.jwks().find((key) => key.kid === kid)!;
  const input = `${Buffer.from(JSON.stringify({ alg: jwk.alg })).toString('base64url')}.e30`;
  const signature = Buffer.from(await keyring.sign(kid, Buffer.from(input))).toString('base64url');
  return compactVerify(`${input}.${signature}`, await importJWK({ ...jwk })).then(() => true);
}

describe('the first start', () => {
  test('it makes an active and a next key for each algorithm, and tells each', async () => {
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

  test('the second start makes nothing and signs with the same keys', async () => {
    const first = await bench.replica();
    const told = bench.changes.length;
    const second = await bench.replica();
    expect(second.list()).toEqual(first.list());
    expect(bench.changes).toHaveLength(told);
    expect(await signs(second, first.active('ES256').kid)).toBe(true);
  });

  test('a store with connections and no keys is refused, and no key is made', async () => {
    await bench.store.insert('connection', 'con_1', {}, { within: 'ten_1' });
    await expect(bench.replica()).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The store has connections, but neither the store nor ${bench.folder('keys')}/ring.json has their signing keys.`,
      advice: 'Restore the keys from a backup. New keys would lock out every customer until they trust them.',
    });
    expect(await bench.store.get('ring', 'shared')).toBeUndefined();
    expect(bench.changes).toEqual([]);
    await expect(bench.filesIn('keys')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('an algorithm added later gets keys, and one taken away keeps signing and stays published', async () => {
    const before = kidsOf(await bench.replica({ algorithms: ['ES256'] }));
    const both = await bench.replica({ algorithms: ['RS256'] });
    expect(statesOf(both)).toEqual(['ES256 active', 'ES256 next', 'RS256 active', 'RS256 next']);
    expect(kidsOf(both).slice(0, 2)).toEqual(before);
    expect(await signs(both, before[0]!)).toBe(true);
  });
});

describe('a rotation', () => {
  test('before the lead is over it is refused with the time, and nothing is changed', async () => {
    const keyring = await bench.replica();
    const [copy, told] = [await bench.copy(), bench.changes.length];
    bench.clock.ms += day - 90 * second;
    const next = keyring.list()[1]!.kid;
    await expect(keyring.rotate()).rejects.toMatchObject({
      code: 'key_not_ready',
      message: `The next ES256 key ${next} may not sign before 2026-11-24T12:00:00.000Z.`,
      retryAfter: 90,
    });
    expect(await bench.copy()).toBe(copy);
    expect(bench.changes).toHaveLength(told);
  });

  test('one algorithm that is not ready holds back all of them', async () => {
    await bench.replica({ algorithms: ['ES256'] });
    bench.clock.ms += 2 * day;
    const both = await bench.replica({ algorithms: ['RS256', 'ES256'] });
    const before = statesOf(both);
    await expect(both.rotate()).rejects.toMatchObject({ code: 'key_not_ready' });
    expect(statesOf(both)).toEqual(before);
  });

  test('after the lead the published key signs, and a new one follows it', async () => {
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

  test('it comes by itself when it is time, and the retired key leaves when nobody needs it', async () => {
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

  test('fifty retired keys that are due at once are all dropped', async () => {
    const short = { timing: { publishLead: 0, rotateEvery: 100 * day } };
    const keyring = await bench.replica(short);
    for (let i = 0; i < 52; i++) await keyring.rotate();
    expect(keyring.list()).toHaveLength(54);
    bench.clock.ms += 2 * day;
    expect(statesOf(await bench.replica(short))).toEqual(['ES256 active', 'ES256 next']);
  });

  test('what was begun with the old key is finished with it for ten seconds, also by a replica that never used it', async () => {
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

  test('planned for a time, it comes at that time, and can be taken back until then', async () => {
    const keyring = await bench.replica();
    const [first, second] = kidsOf(keyring) as [string, string];
    await expect(keyring.rotate({ activateAt: noon + day - 1 })).rejects.toMatchObject({
      code: 'key_not_ready',
    });
    const told = bench.changes.length;
    await keyring.rotate({ activateAt: noon + 2 * day });
    expect(keyring.list().map(({ state, activate_at }) => [state, activate_at])).toEqual([
      ['active', null],
      ['next', noon + 2 * day],
    ]);
    expect(bench.changes).toHaveLength(told);

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

  test('planned again for the same time, it includes a next key that was made since', async () => {
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

  test('planned for later than its turn, it waits for the plan', async () => {
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

  test('waits while verifiers would not find the key, tells that once, and goes on by itself', async () => {
    let obstacles = ['https://id.example.com/jwks does not list it'];
    const keyring = await bench.replica({ obstacles: async () => obstacles });
    const [first, second] = kidsOf(keyring) as [string, string];
    bench.clock.ms += 31 * day;
    for (let round = 0; round < 3; round++) await keyring.advance();
    const waiting = { kid: second, alg: 'ES256', obstacles, since: noon + 31 * day };
    expect([keyring.active('ES256').kid, keyring.postponed, bench.held]).toEqual([
      first,
      [waiting],
      [waiting],
    ]);

    bench.clock.ms += hour;
    obstacles = ['https://id.example.com/jwks answers 503'];
    await keyring.advance();
    expect(bench.held.slice(1)).toEqual([{ ...waiting, obstacles }]);

    obstacles = [];
    await keyring.advance();
    expect([keyring.active('ES256').kid, keyring.postponed]).toEqual([second, []]);
    expect(bench.held).toHaveLength(2);
  });

  test('one algorithm that waits holds back neither the other nor what else is due', async () => {
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

  test('ordered while verifiers would not find the key, it is refused, unless it is ordered all the same', async () => {
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

  test('after a revocation the next key signs at once, wherever it is found', async () => {
    const keyring = await bench.replica({ obstacles: async () => ['not there'] });
    const [first, second] = kidsOf(keyring) as [string, string];
    await keyring.revoke(first);
    expect(keyring.active('ES256').kid).toBe(second);
    expect(bench.changes.at(-2)).toEqual({ event: 'key.activated', kid: second, alg: 'ES256', early: true });
  });

  test('a next key and a key unknown here sign nothing', async () => {
    const keyring = await bench.replica();
    for (const kid of [kidsOf(keyring)[1]!, 'unknown', '__proto__', '../ring.json']) {
      await expect(keyring.sign(kid, Buffer.from('x'))).rejects.toMatchObject({ code: 'keys_unavailable' });
    }
  });
});

describe('a revocation', () => {
  test('it takes the active key out of the JWKS, and the next one signs at once and says so', async () => {
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
      .find((text) => text.includes('a key signs before'));
    expect(JSON.parse(line!)).toMatchObject({ level: 'warn', kid: second, alg: 'ES256' });
  });

  test('of every key that can sign, it leaves a new one that signs', async () => {
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

  test('a key that was revoked within its last ten seconds finishes nothing', async () => {
    const keyring = await bench.replica();
    const first = kidsOf(keyring)[0]!;
    bench.clock.ms += day;
    await keyring.rotate();
    await keyring.revoke(first);
    await expect(keyring.sign(first, Buffer.from('x'))).rejects.toMatchObject({ code: 'keys_unavailable' });
  });

  test('a second revocation changes nothing, and an unknown kid is refused', async () => {
    const keyring = await bench.replica();
    await keyring.revoke(kidsOf(keyring)[0]!);
    const [copy, told] = [await bench.copy(), bench.changes.length];
    await keyring.revoke(kidsOf(keyring)[0]!);
    expect([await bench.copy(), bench.changes.length]).toEqual([copy, told]);
    await expect(keyring.revoke('unknown')).rejects.toMatchObject({
      code: 'key_not_found',
      message: 'There is no key unknown.',
    });
  });

  test('it outlives the loss of the store', async () => {
    const keyring = await bench.replica();
    const first = kidsOf(keyring)[0]!;
    await keyring.revoke(first);
    const again = await bench.replica({ store: await bench.openStore('emptied') });
    expect(again.list()).toEqual(keyring.list());
    expect(published(again)).not.toContain(first);
  });
});
