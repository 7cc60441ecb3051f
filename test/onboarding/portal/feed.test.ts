import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createFeed } from '../../../src/onboarding/portal/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { call } from '../../../src/sandbox/demo/http.ts';
import { openStage, type Stage } from './stage.ts';

const logger = createLogger({ level: 'silent' });

/** Everything written to the stream since the last read. */
const readAll = (stream: PassThrough): string => String(stream.read() ?? '');
const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('the status feed', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('allows six listeners per invitation, 50 per tenant and 500 in all, and frees the place of each that leaves', async () => {
    const feed = createFeed(logger);
    const look = async () => 'a';
    const streams = Array.from({ length: 6 }, () => new PassThrough());
    for (const stream of streams) feed.listen({ invitation: 'one', tenant: 'a' }, look, stream);
    const refused = expect.objectContaining({ code: 'rate_limited', retryAfter: 30 });
    const invitationOf = (number: number) => ({ invitation: `of ${number}`, tenant: `${number % 20}` });
    expect(() => feed.listen({ invitation: 'one', tenant: 'a' }, look, new PassThrough())).toThrow(refused);
    streams[0]!.destroy();
    await soon();
    feed.listen({ invitation: 'one', tenant: 'a' }, look, new PassThrough());
    for (let count = 6; count < 50; count++)
      feed.listen({ invitation: `${count}`, tenant: 'a' }, look, new PassThrough());
    expect(() => feed.listen({ invitation: 'other', tenant: 'a' }, look, new PassThrough())).toThrow(refused);
    for (let count = 50; count < 500; count++) feed.listen(invitationOf(count), look, new PassThrough());
    expect(() => feed.listen(invitationOf(100), look, new PassThrough())).toThrow(refused);
    await feed.close();
    expect(() => feed.listen(invitationOf(100), look, new PassThrough())).toThrow(
      expect.objectContaining({ code: 'shutting_down' }),
    );
  });

  test('sends the revision at once, then only changes, and says when the invitation has ended', async () => {
    const feed = createFeed(logger);
    const stream = new PassThrough();
    let seen: string | undefined = 'first';
    feed.listen({ invitation: 'one', tenant: 'a' }, async () => seen, stream);
    await soon();
    expect(readAll(stream)).toBe('data: first\n\n');
    seen = 'second';
    await jest.advanceTimersByTimeAsync(2_000);
    expect(readAll(stream)).toBe('data: second\n\n');
    seen = undefined;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(readAll(stream)).toBe('event: ended\ndata:\n\n');
    expect(stream.writableEnded).toBe(true);
    await feed.close();
  });

  test('sends a heartbeat before a proxy would cut a silent connection', async () => {
    const feed = createFeed(logger);
    const stream = new PassThrough();
    feed.listen({ invitation: 'one', tenant: 'a' }, async () => 'a', stream);
    await soon();
    expect(readAll(stream)).toBe('data: a\n\n');
    await jest.advanceTimersByTimeAsync(29_000);
    expect(readAll(stream)).toBe(':\n\n:\n\n');
    await feed.close();
  });

  test('cuts a listener that does not read', async () => {
    const feed = createFeed(logger);
    const stream = new PassThrough();
    stream.write('x'.repeat(64 * 1024));
    stream.on('error', () => undefined);
    feed.listen({ invitation: 'one', tenant: 'a' }, async () => 'a', stream);
    await soon();
    expect(stream.destroyed).toBe(true);
    await feed.close();
  });

  test('survives a short outage of the store', async () => {
    const feed = createFeed(logger);
    const stream = new PassThrough();
    let isAway = true;
    feed.listen(
      { invitation: 'one', tenant: 'a' },
      async () => {
        if (isAway) throw new Error('away');
        return 'back';
      },
      stream,
    );
    await soon();
    isAway = false;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(readAll(stream)).toBe('data: back\n\n');
    await feed.close();
  });
});

describe('the events of an invitation', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.close());

  test('report a pause, end when the invitation is revoked, and do not block a shutdown', async () => {
    const { connection, invitation } = await stage.invite();
    const open = async () => {
      const answer = await fetch(`${invitation.url}/events`);
      expect([
        answer.status,
        answer.headers.get('content-type'),
        answer.headers.get('cache-control'),
      ]).toEqual([200, 'text/event-stream', 'no-store']);
      return answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    };
    const events = await open();
    const first = (await events.read()).value;
    expect(first).toMatch(/^data: [\w-]{16}\n\n$/);
    await call({ method: 'POST', url: `${invitation.url}/pause` });
    const second = (await events.read()).value;
    expect(second).toMatch(/^data: [\w-]{16}\n\n$/);
    expect(second).not.toBe(first);
    await call({ method: 'POST', url: `${invitation.url}/resume` });
    expect((await events.read()).value).toBe(first);

    await fetch(
      `${stage.server.adminOrigin}/admin/v1/connections/${connection.id}/invitations/${invitation.id}`,
      { method: 'DELETE', headers: { authorization: `Bearer ${stage.server.adminToken}` } },
    );
    expect((await events.read()).value).toBe('event: ended\ndata:\n\n');
    expect((await events.read()).done).toBe(true);
  });

  test('end when the server shuts down', async () => {
    const other = await openStage();
    const { invitation } = await other.invite();
    const answer = await fetch(`${invitation.url}/events`);
    // A stream that does not end in time is cut, and reading it then fails.
    const [, text] = await Promise.all([other.close(), answer.text()]);
    expect(text).toMatch(/^data: [\w-]{16}\n\n$/);
  });
});
