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

test('customers change a connection 20 times at once, through any of its links, and can always pause it', async () => {
  const { connection, invitation } = await stage.invite();
  const other = await stage.server.admin.post<{ url: string }>(
    `/connections/${connection.id}/invitations`,
    {},
  );
  const links = [invitation.url, other.url];
  /** A check of a guardrail changes nothing, but costs more. */
  const press = async (button: string, time = 0) => {
    clock.ms += 1_000;
    return (await fetch(`${links[time % 2]}/${button}`, { method: 'POST', redirect: 'manual' })).status;
  };
  const statuses: number[] = [];
  for (let time = 0; time < 25; time++) statuses.push(await press('report', time));
  // Two more in the 25 seconds.
  expect(statuses.map((status) => status === 429)).toEqual([
    ...Array(22).fill(false),
    ...Array(3).fill(true),
  ]);
  const others = ['guardrail', 'resume', 'control-link', 'pause'];
  const answers: number[] = [];
  for (const button of others) answers.push(await press(button));
  expect(answers).toEqual([429, 429, 429, 303]);
  expect(await stage.audit(connection, 'request.rate_limited')).toEqual([
    expect.objectContaining({ actor: 'customer', reason: 'changes of one connection' }),
  ]);
});
