import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { type Keyring, nextStep } from '../../../src/tokens/keys/index.ts';
import { type KeysBench, keysBench, kidsOf, statesOf } from './bench.ts';
import { day, hour, noon, recordOf, ringOf, second, timing } from './records.ts';

const year = 365 * day;

let bench: KeysBench;
beforeEach(async () => {
  bench = await keysBench();
});
afterEach(() => bench.end());

/** Runs a few ticks of every replica. */
async function rounds(...replicas: readonly Keyring[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    bench.clock.ms += 2 * second;
    for (const replica of replicas) {
      await replica.refresh();
      await replica.advance();
    }
  }
}

/** Two replicas right after a rotation, and the offset of the second one's clock. */
async function afterRotation() {
  const set = { ms: 0 };
  const right = await bench.replica({ folder: 'right' });
  const wrong = await bench.replica({ folder: 'wrong', store: await bench.openStore(), set });
  bench.clock.ms += 31 * day;
  await rounds(right, wrong);
  expect(statesOf(right)).toEqual(['ES256 retired', 'ES256 active', 'ES256 next']);
  return { right, wrong, set };
}

describe('a clock that jumps while the server runs', () => {
  test.each([
    [year, 'forward'],
    [-year, 'back'],
    [61 * second, 'forward'],
  ])('by %d ms changes no key of any replica until it is right again', async (ms, direction) => {
    const { right, wrong, set } = await afterRotation();
    const [before, changeCount] = [right.list(), bench.changes.length];
    set.ms = ms;
    await rounds(right, wrong);
    expect([right.list(), wrong.list()]).toEqual([before, before]);
    expect(bench.changes).toHaveLength(changeCount);
    expect([right.clockProblem, wrong.clockProblem, wrong.isDue()]).toEqual([
      undefined,
      `the clock of this server has jumped ${Math.abs(ms) / second} s ${direction} since its start`,
      false,
    ]);

    set.ms = 0;
    bench.clock.ms += 27 * hour;
    await rounds(wrong);
    expect([wrong.clockProblem, statesOf(wrong)]).toEqual([undefined, ['ES256 active', 'ES256 next']]);
  });

  test('by at most a minute has no effect', async () => {
    const { wrong, set } = await afterRotation();
    bench.clock.ms += 27 * hour;
    set.ms = -60 * second;
    await rounds(wrong);
    expect([wrong.clockProblem, statesOf(wrong)]).toEqual([undefined, ['ES256 active', 'ES256 next']]);
  });

  test('prevents an immediate rotation, but not one scheduled for a time when the clock is right', async () => {
    const { right, wrong, set } = await afterRotation();
    const before = right.list();
    set.ms = year;
    await expect(wrong.rotate()).rejects.toMatchObject({
      code: 'keys_unavailable',
      status: 503,
      message: `No key can be activated: the clock of this server has jumped ${year / second} s forward since its start.`,
      advice:
        'Correct the clock of this server (NTP) and restart it, or request the rotation from another replica.',
    });
    await right.refresh();
    expect(right.list()).toEqual(before);
    await wrong.rotate({ activateAt: bench.clock.ms + 2 * year });
    expect(wrong.list()[2]!.activate_at).toBe(bench.clock.ms + 2 * year);
  });

  test('allows a revocation and the activation of the next key, but a further key waits for a correct clock', async () => {
    const { right, wrong, set } = await afterRotation();
    const [, active, next] = kidsOf(wrong) as [string, string, string];
    set.ms = -year;
    await wrong.revoke(active);
    expect(statesOf(wrong)).toEqual(['ES256 retired', 'ES256 revoked', 'ES256 active']);
    expect(wrong.active('ES256').kid).toBe(next);
    await wrong.revoke(next);
    expect(statesOf(wrong).slice(3)).toEqual(['ES256 active']);
    await rounds(wrong, right);
    expect(statesOf(right).slice(3)).toEqual(['ES256 active', 'ES256 next']);
    expect(right.list()[4]!.published_at).toBe(bench.clock.ms - 4 * second);
  });

  test.each([-2 * day, 2 * day])(
    'by %d ms does not make keys older that are restored to a store which lost the ring',
    async (ms) => {
      const { right, wrong, set } = await afterRotation();
      const before = right.list();
      bench.clock.ms += hour;
      set.ms = ms;
      const stored = await bench.store.get('ring', 'shared');
      await bench.store.remove('ring', 'shared', stored!.version);
      await rounds(wrong, right);
      const given = (at: number | null) => at && Math.max(at, bench.clock.ms - 4 * second + ms);
      expect(right.list()).toEqual(
        before.map((key) => ({
          ...key,
          published_at: key.state === 'next' ? given(key.published_at) : key.published_at,
          retired_at: given(key.retired_at),
        })),
      );
      await expect(right.rotate()).rejects.toMatchObject({ code: 'key_not_ready' });
      expect(wrong.list()).toEqual(right.list());
    },
  );
});

describe('a ring with times ahead of the clock', () => {
  const active = recordOf('a', 'ES256', 'active');
  const next = recordOf('n', 'ES256', 'next');
  const retired = recordOf('r', 'ES256', 'retired');
  const due = noon + 31 * day;
  const at = (ms: number) => due + 60 * second + ms;

  test.each([
    ['an active key', { ...active, alg: 'RS256' as const, kid: 'x', activated_at: at(1) }],
    ['a next key', { ...next, alg: 'RS256' as const, kid: 'x', published_at: at(1) }],
    ['a retired key', { ...retired, kid: 'x', retired_at: at(1) }],
  ])('of %s has no key retired or removed, because one clock must be wrong', (_, ahead) => {
    expect(nextStep(ringOf(active, next, ahead), ['ES256'], timing, due)).toBeUndefined();
    expect(
      nextStep(ringOf(active, { ...next, published_at: due }, retired, ahead), ['ES256'], timing, due),
    ).toBe(undefined);
    expect(nextStep(ringOf(active, next, ahead), ['ES256'], timing, due + 1)).toEqual({
      step: 'activate',
      kid: 'n',
    });
  });

  test('gets a key only if none can sign; scheduled and revoked keys are no evidence of a wrong clock', () => {
    const ahead = { ...retired, retired_at: at(1) };
    expect(nextStep(ringOf(ahead), ['ES256'], timing, due)).toEqual({
      step: 'create',
      alg: 'ES256',
      state: 'active',
    });
    expect(nextStep(ringOf(ahead, next), ['ES256'], timing, due)).toEqual({ step: 'activate', kid: 'n' });
    expect(nextStep(ringOf(ahead, active), ['ES256'], timing, due)).toBeUndefined();
    const planned = { ...next, activate_at: at(1) };
    const revoked = recordOf('v', 'ES256', 'revoked', { revoked_at: at(1), activated_at: at(1) });
    expect(nextStep(ringOf(active, planned, revoked, retired), ['ES256'], timing, due)).toEqual({
      step: 'remove',
      kid: 'r',
    });
  });

  test('gets its next key only from a replica whose clock is not behind, so that no key signs before its publish_lead ends', async () => {
    const right = await bench.replica({ folder: 'right' });
    bench.clock.ms += day;
    const behind = await bench.replica({
      folder: 'behind',
      store: await bench.openStore(),
      off: -25 * hour,
    });
    bench.clock.ms += day;
    await right.refresh();
    // The tick of the other replica runs between the two steps of the rotation.
    const rotating = await bench.replica({
      folder: 'right',
      store: {
        ...bench.store,
        replace: async (...change) => {
          const done = await bench.store.replace(...change);
          await behind.refresh();
          await behind.advance();
          return done;
        },
      },
    });
    await rotating.rotate();
    expect(behind.clockProblem).toBe(
      `the key ${kidsOf(right)[0]} of the ring shared has a time in the future of the clock of this server: 2026-11-25T12:00:00.000Z`,
    );
    await right.refresh();
    expect(statesOf(right)).toEqual(['ES256 retired', 'ES256 active', 'ES256 next']);
    expect(right.list()[2]!.published_at).toBe(bench.clock.ms);
    const before = right.list();
    await expect(right.rotate()).rejects.toMatchObject({ code: 'key_not_ready' });
    expect(right.list()).toEqual(before);
  });

  test('gets its next key from the revocation request, and from a repeated request if the first was interrupted', async () => {
    const right = await bench.replica({ folder: 'right' });
    await rounds(await bench.replica({ folder: 'ahead', store: await bench.openStore(), off: year }));
    let fails = 0;
    const dying = await bench.replica({
      folder: 'dying',
      store: {
        ...bench.store,
        replace: async (...change) => {
          if (fails++ > 0) throw new SojournError('store_unavailable');
          return bench.store.replace(...change);
        },
      },
    });
    const next = dying.list()[2]!.kid;
    await expect(dying.revoke(next)).rejects.toMatchObject({ code: 'store_unavailable' });
    await rounds(right);
    expect(statesOf(right)).toEqual(['ES256 retired', 'ES256 active', 'ES256 revoked']);
    await expect(right.rotate()).rejects.toMatchObject({
      code: 'key_not_ready',
      message: 'The next ES256 key does not exist yet.',
    });
    await right.revoke(next);
    expect(statesOf(right).slice(2)).toEqual(['ES256 revoked', 'ES256 next']);
    expect(right.list()[3]!.published_at).toBe(bench.clock.ms);
  });

  test('written by a replica whose clock was wrong from the start is reported, and is repaired by administrator requests', async () => {
    const right = await bench.replica({ folder: 'right' });
    bench.clock.ms += day;
    await right.rotate();
    // For this replica a month has passed, so it removes one key and activates another. It has no way to know better.
    const wrong = await bench.replica({ folder: 'wrong', store: await bench.openStore(), off: year });
    await wrong.advance();
    await right.refresh();
    const [retiredAhead, activeAhead, nextAhead] = right.list();
    expect(statesOf(right)).toEqual(['ES256 retired', 'ES256 active', 'ES256 next']);
    expect(right.clockProblem).toBe(
      `the key ${retiredAhead!.kid} of the ring shared has a time in the future of the clock of this server: 2027-11-24T12:00:00.000Z`,
    );
    bench.clock.ms += 40 * day;
    const before = right.list();
    await rounds(right);
    expect(right.list()).toEqual(before);

    await expect(right.rotate()).rejects.toMatchObject({ code: 'key_not_ready' });
    await right.revoke(nextAhead!.kid);
    bench.clock.ms += day;
    await right.rotate();
    expect(right.active('ES256')).toMatchObject({ published_at: bench.clock.ms - day });
    bench.clock.ms += 27 * hour;
    await rounds(right);
    // The key that the wrong clock retired is the last with a time in the future; by now all its tokens have expired.
    expect(right.publicKeys().map(({ kid }) => kid)).toContain(activeAhead!.kid);
    await right.revoke(retiredAhead!.kid);
    await rounds(right);
    expect([right.clockProblem, statesOf(right).filter((state) => state !== 'ES256 revoked')]).toEqual([
      undefined,
      ['ES256 active', 'ES256 next'],
    ]);
  });
});
