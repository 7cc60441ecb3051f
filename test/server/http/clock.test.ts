/** A wall clock that is set while the server runs: nothing is signed until it is trusted again. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { askToken, oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';
import { sojourn } from '../../tools/cli/arrange.ts';

let ahead: number;
let server: TestServer;
beforeEach(async () => {
  ahead = 0;
  server = await testServer({
    now: () => Date.now() + ahead,
    elapsed: () => performance.now(),
    config: { keys: { stale_after: '1d' } },
  });
}, 30_000);
afterEach(() => server.close());

interface Readiness {
  readonly status: string;
  readonly checks: readonly { readonly name: string }[];
}
const ready = async () => {
  const answer = await fetch(`${server.adminOrigin}/readyz`);
  const { status, checks } = (await answer.json()) as Readiness;
  const clock = checks.filter(({ name }) => name === 'clock' || name === 'clock_jump');
  return { code: answer.status, status, clock };
};
/** Looks for five seconds at most. */
const shown = async () => {
  for (let looks = 0; looks < 100 && (await ready()).clock.length === 0; looks++)
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
    expect(await ready()).toEqual({ code: 200, status: 'ready', clock: [] });
    ahead = seconds * 1000;
    const detail = expect.stringMatching(new RegExp(`^${sentence}, detected at 20\\S+Z$`));
    expect(await shown()).toEqual({
      code: 503,
      status: 'not_ready',
      clock: [
        { name: 'clock', ok: false, detail: `not signing: ${sentence}` },
        { name: 'clock_jump', ok: true, detail },
      ],
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

test.each([[-3600], [7200]])(
  'from the moment in which the clock jumps by %i seconds, tokens get 503 with Retry-After and the audit log no line of a token',
  async (seconds) => {
    const { client, connection } = await oneConnection(server);
    const body = new URLSearchParams(withSecret(client, connection));
    const ask = () => fetch(`${server.issuer}/token`, { method: 'POST', body });
    const issued = async () => {
      const { items } = await server.admin.get<{ items: unknown[] }>('/audit?event=token.issued');
      return items.length;
    };
    expect((await ask()).status).toBe(200);
    ahead = seconds * 1000;
    for (let requests = 0; requests < 5; requests++) {
      const answer = await ask();
      expect({ status: answer.status, wait: answer.headers.get('retry-after') }).toEqual({
        status: 503,
        wait: '5',
      });
      expect(await answer.json()).toEqual({
        error: 'temporarily_unavailable',
        error_description: expect.stringContaining(
          'Nothing is signed, because the clock of the server is not trusted.',
        ),
      });
    }
    expect(await issued()).toBe(1);
    ahead = 0;
    await shown();
    while ((await ready()).code !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await askToken(server.issuer, withSecret(client, connection))).toMatchObject({ status: 200 });
  },
  30_000,
);
