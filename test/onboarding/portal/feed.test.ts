import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createFeed } from '../../../src/onboarding/portal/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { call } from '../../../src/sandbox/demo/http.ts';
import { openStage, type Stage } from './stage.ts';

const logger = createLogger({ level: 'silent' });

/** What was written so far; a stream whose reader is slow keeps it. */
const heard = (stream: PassThrough): string => String(stream.read() ?? '');
const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('who may listen', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('is six for one invitation and 500 in all, and each that leaves makes room', async () => {
    const feed = createFeed(logger);
    const look = async () => 'a';
    const streams = Array.from({ length: 6 }, () => new PassThrough());
    for (const stream of streams) feed.listen('one', look, stream);
    const refused = expect.objectContaining({ code: 'rate_limited', retryAfter: 30 });
    expect(() => feed.listen('one', look, new PassThrough())).toThrow(refused);
    streams[0]!.destroy();
    await soon();
    feed.listen('one', look, new PassThrough());
    for (let count = 6; count < 500; count++) feed.listen(`other ${count}`, look, new PassThrough());
    expect(() => feed.listen('late', look, new PassThrough())).toThrow(refused);
    await feed.close();
    expect(() => feed.listen('late', look, new PassThrough())).toThrow(
      expect.objectContaining({ code: 'shutting_down' }),
    );
  });

  test('is told at once, again only when it has changed, and when there is no more', async () => {
    const feed = createFeed(logger);
    const stream = new PassThrough();
    let seen: string | undefined = 'first';
    feed.listen('one', async () => seen, stream);
    await soon();
    expect(heard(stream)).toBe('data: first\n\n');
    seen = 'second';
    await jest.advanceTimersByTimeAsync(2_000);
    expect(heard(stream)).toBe('data: second\n\n');
    seen = undefined;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(heard(stream)).toBe('event: ended\ndata:\n\n');
    expect(stream.writableEnded).toBe(true);
    await feed.close();
  });

  test('hears a beat when there is nothing to tell, before a proxy takes the line for dead', async () => {
    const feed = createFeed(logger);
    const stream = new PassThrough();
    feed.listen('one', async () => 'a', stream);
    await soon();
    expect(heard(stream)).toBe('data: a\n\n');
    await jest.advanceTimersByTimeAsync(29_000);
    expect(heard(stream)).toBe(':\n\n:\n\n');
    await feed.close();
  });

  test('is cut off when it does not read', async () => {
    const feed = createFeed(logger);
    const stream = new PassThrough();
    stream.write('x'.repeat(64 * 1024));
    stream.on('error', () => undefined);
    feed.listen('one', async () => 'a', stream);
    await soon();
    expect(stream.destroyed).toBe(true);
    await feed.close();
  });

  test('outlives a store that is away for a moment', async () => {
    const feed = createFeed(logger);
    const stream = new PassThrough();
    let isAway = true;
    feed.listen(
      'one',
      async () => {
        if (isAway) throw new Error('away');
        return 'back';
      },
      stream,
    );
    await soon();
    isAway = false;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(heard(stream)).toBe('data: back\n\n');
    await feed.close();
  });
});

describe('the events of an invitation', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.close());

  test('tell of a pause, end when it is revoked, and hold up no shutdown', async () => {
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

  test('end when the server goes', async () => {
    const other = await openStage();
    const { invitation } = await other.invite();
    const answer = await fetch(`${invitation.url}/events`);
    // What has not ended by itself is cut in the end, and reading it then fails.
    const [, told] = await Promise.all([other.close(), answer.text()]);
    expect(told).toMatch(/^data: [\w-]{16}\n\n$/);
  });
});
