/** A misconfigured connection whose clients keep trying: the cloud is asked once every few seconds. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openPipeline, type Pipeline, without } from './pipeline.ts';

const clock = { ms: Date.now() };
let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({ now: () => clock.ms });
}, 60_000);
afterAll(() => pipeline.close());

const connect = () =>
  pipeline.connect('aws', { role_arn: 'arn:aws:iam::111122223333:role/none', region: 'eu-central-1' });
const ask = async (id: string) => {
  const { status, body } = await pipeline.credentials(id);
  return { status, body: without(body, 'request_id') };
};

describe("a cloud's refusal", () => {
  test('is repeated for 3 seconds without another request to the cloud, and each answer is in the audit', async () => {
    const { id } = await connect();
    const before = (await pipeline.tokenRequests()).length;
    const requests = async () => (await pipeline.tokenRequests()).length - before;
    const first = await ask(id);
    expect(first).toMatchObject({ status: 502, body: { code: 'cloud_issuer_unknown' } });
    clock.ms += 2_990;
    for (let time = 0; time < 20; time++) expect(await ask(id)).toEqual(first);
    expect(await requests()).toBe(1);
    const lines = await pipeline.audit(`connection=${id}&event=exchange.failed`);
    const line = {
      event: 'exchange.failed',
      outcome: 'refused',
      actor: pipeline.client.client_id,
      client: pipeline.client.client_id,
      source_ip: '127.0.0.1',
      connection: id,
      tenant: pipeline.tenant.id,
      reason: lines.at(-1)?.reason,
    };
    expect(lines.slice(0, -1)).toEqual(Array(20).fill({ ...line, facts: { repeated: true } }));
    expect(without(lines.at(-1) ?? {}, 'jti', 'kid', 'sub', 'aud')).toEqual(line);
    clock.ms += 20;
    expect(await ask(id)).toEqual(first);
    expect(await requests()).toBe(2);
  });

  test('says nothing about another connection, another target or another purpose', async () => {
    const [one, other] = [await connect(), await connect()];
    const before = (await pipeline.tokenRequests()).length;
    const requests = async () => (await pipeline.tokenRequests()).length - before;
    await ask(one.id);
    await ask(other.id);
    expect(await requests()).toBe(2);
    await pipeline.admin.patch(`/connections/${one.id}`, {
      target: { role_arn: 'arn:aws:iam::111122223333:role/fixed' },
    });
    await ask(one.id);
    expect(await requests()).toBe(3);
  });

  test('is not repeated while issuing is suspended', async () => {
    const { id } = await connect();
    await ask(id);
    await pipeline.admin.post('/issuing/suspend', { reason: 'a leak' });
    expect(await ask(id)).toMatchObject({ status: 403, body: { code: 'issuing_suspended' } });
    await pipeline.admin.post('/issuing/resume', { reason: 'over' });
    expect(await ask(id)).toMatchObject({ status: 502 });
  });

  test('does not stop a verification, which asks the cloud itself', async () => {
    const { id } = await connect();
    await ask(id);
    const before = (await pipeline.tokenRequests()).length;
    await pipeline.admin.post(`/connections/${id}/verify`);
    expect((await pipeline.tokenRequests()).length).toBeGreaterThan(before);
  });
});
