import { expect, test } from '@jest/globals';
import { testServer } from '../../support/server.ts';

test('a server whose clock has jumped reports it in /readyz, stays ready, and stops reporting once the clock is right', async () => {
  const set = { ms: 0 };
  const server = await testServer({ now: () => Date.now() + set.ms, steadyNow: () => Date.now() });
  const clock = async () => {
    const ready = await fetch(`${server.adminOrigin}/readyz`);
    const { checks } = (await ready.json()) as { checks: { name: string }[] };
    return { status: ready.status, clock: checks.filter(({ name }) => name === 'key_clock') };
  };
  try {
    expect(await clock()).toEqual({ status: 200, clock: [] });
    set.ms = -3_600_000;
    expect(await clock()).toEqual({
      status: 200,
      clock: [
        {
          name: 'key_clock',
          ok: true,
          detail:
            'keys are not activated or removed: the clock of this server has jumped 3600 s back since its start',
        },
      ],
    });
    await expect(server.admin.post('/keys/rotate', {})).rejects.toThrow(
      'No key can be activated: the clock of this server has jumped 3600 s back since its start.',
    );
    set.ms = 0;
    expect(await clock()).toEqual({ status: 200, clock: [] });
  } finally {
    await server.close();
  }
});
