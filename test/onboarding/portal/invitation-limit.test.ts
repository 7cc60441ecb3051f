/** The rate limit of one invitation, whose holder can use any number of addresses. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openStage, type Stage } from './stage.ts';

const clock = { ms: Date.now() };
let stage: Stage;
beforeAll(async () => {
  stage = await openStage({
    config: { limits: { requests_per_invitation: 2 }, trust_proxy: ['127.0.0.1/32'] },
    now: () => clock.ms,
  });
});
afterAll(() => stage.close());

test('an invitation over its limit gets 429 from any address, and other invitations do not', async () => {
  const [one, other] = [await stage.invite(), await stage.invite()];
  let host = 0;
  const open = async (url: string) => {
    host += 1;
    return fetch(url, { headers: { 'x-forwarded-for': `192.0.2.${host}` } });
  };
  // A bucket holds five seconds' worth.
  for (let time = 0; time < 10; time++) expect((await open(one.invitation.url)).status).toBe(200);
  for (const path of ['', '/files/cloudformation.json', '/events']) {
    const response = await open(one.invitation.url + path);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await response.text()).toContain('Too many requests.');
  }
  expect((await open(other.invitation.url)).status).toBe(200);
  const { items } = await stage.server.admin.get<{ items: Record<string, unknown>[] }>(
    '/audit?event=request.rate_limited',
  );
  expect(items).toEqual([
    expect.objectContaining({ actor: 'customer', reason: 'limits.requests_per_invitation' }),
  ]);
  clock.ms += 1_000;
  expect((await open(one.invitation.url)).status).toBe(200);
}, 60_000);
