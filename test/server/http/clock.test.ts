/** A wall clock that is set while the server runs. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type TestServer, testServer } from '../../support/server.ts';
import { sojourn } from '../../tools/cli/arrange.ts';

let ahead: number;
let server: TestServer;
beforeEach(async () => {
  ahead = 0;
  server = await testServer({ now: () => Date.now() + ahead, config: { keys: { stale_after: '1d' } } });
}, 30_000);
afterEach(() => server.close());

interface Readiness {
  readonly status: string;
  readonly checks: readonly { readonly name: string }[];
}
const ready = async () => {
  const answer = await fetch(`${server.adminOrigin}/readyz`);
  const { status, checks } = (await answer.json()) as Readiness;
  return { code: answer.status, status, jump: checks.filter(({ name }) => name === 'clock_jump') };
};
/** Looks for five seconds at most. */
const shown = async () => {
  for (let looks = 0; looks < 100 && (await ready()).jump.length === 0; looks++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return ready();
};
const jumps = () =>
  server
    .logged()
    .split('\n')
    .filter((line) => line.includes('clock.jumped'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test.each([
  [-3600, 'the clock was set back by 3600 s'],
  [7200, 'the clock was set ahead by 7200 s, or this machine was suspended'],
])(
  'a jump of the clock by %i seconds is shown in the log, at /readyz and by doctor',
  async (seconds, sentence) => {
    expect(await ready()).toEqual({ code: 200, status: 'ready', jump: [] });
    ahead = seconds * 1000;
    const detail = expect.stringMatching(new RegExp(`^${sentence}, detected at 20\\S+Z$`));
    expect(await shown()).toEqual({
      code: 200,
      status: 'ready',
      jump: [{ name: 'clock_jump', ok: true, detail }],
    });
    expect(jumps()).toEqual([
      { level: 'warn', time: expect.any(String), event: 'clock.jumped', seconds, msg: sentence },
    ]);
    const env = { SOJOURN_ADMIN_URL: server.adminOrigin, SOJOURN_ADMIN_TOKEN: server.adminToken };
    const { checks } = JSON.parse((await sojourn(['doctor', '--json'], env)).out) as Readiness;
    expect(checks.filter(({ name }) => name === 'clock_jump')).toEqual([
      {
        name: 'clock_jump',
        outcome: 'warned',
        detail,
        advice:
          'Synchronize the clock of the server by NTP, and see what was refused since: `sojourn audit search`.',
      },
    ]);
  },
  30_000,
);
