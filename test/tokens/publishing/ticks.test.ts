import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type PublishedDocument, publishedDocuments } from '../../../src/tokens/issuer/index.ts';
import { noon, second } from '../keys/records.ts';
import { bucket, type PublishingSuite, publishingSuite, type Started } from './suite.ts';

const minute = 60 * second;

let suite: PublishingSuite;
beforeEach(async () => {
  suite = await publishingSuite();
});
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await suite.end();
});

/** Ticks every two seconds, as in a server, until the clock has advanced by `ms`. */
async function ticks({ publisher }: Started, ms: number): Promise<void> {
  for (const end = suite.keys.clock.ms + ms; suite.keys.clock.ms < end; suite.keys.clock.ms += 2 * second)
    await publisher.tick();
}

const checkOf = async ({ health }: Started, name: string) =>
  (await health.checks()).find((check) => check.name === name);
const logLines = (text: string) =>
  suite.keys
    .logged()
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const refused = {
  bucket,
  publishedAt: undefined,
  failure: {
    reason: expect.stringMatching(/^connection_not_found: /),
    advice: expect.stringMatching(/./),
  },
};

describe('a bucket that refuses writes', () => {
  test('is retried after 1, 2, 4 and 8 minutes, then every 15 minutes, and at once when the documents change', async () => {
    const started = await suite.start();
    await ticks(started, 62 * minute);
    expect(started.attempts.map((ms) => ms / minute)).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
    expect(started.publisher.states()).toEqual([refused]);
    started.publisher.publishSoon();
    await started.publisher.tick();
    expect(started.attempts.slice(8).map((ms) => ms / minute)).toEqual([62]);
  });

  test('stays paused while its mirror or another one has drifted', async () => {
    const { publisher, attempts } = await suite.start();
    for (const end = suite.keys.clock.ms + 62 * minute; suite.keys.clock.ms < end; ) {
      publisher.republish(bucket);
      publisher.republish('s3://another');
      await publisher.tick();
      suite.keys.clock.ms += minute;
    }
    expect(attempts.map((ms) => ms / minute)).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
  });

  test('stays paused while the periodic republication is due', async () => {
    const started = await suite.start([], 4 * minute);
    await ticks(started, 62 * minute);
    expect(started.attempts.map((ms) => ms / minute)).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
  });
});

describe('a tick that cannot read the documents', () => {
  test('is recorded as a failure of every bucket, is shown in /readyz, and is cleared by the next successful tick', async () => {
    const started = await suite.start();
    const stored = (await started.store.get<object>('ring', 'shared'))!;
    const other = suite.keys.store;
    await other.replace('ring', 'shared', stored.version, { ...stored.value, id: 'another' });
    suite.keys.clock.ms += minute;
    await started.publisher.tick();
    const failure = {
      reason: 'store_unavailable: The key rings cannot be refreshed.',
      advice: expect.stringMatching(/./),
    };
    expect(started.publisher.states()).toEqual([{ bucket, publishedAt: undefined, failure }]);
    expect(await checkOf(started, 'mirror_publishing')).toEqual({
      name: 'mirror_publishing',
      ok: true,
      detail: expect.stringContaining(`${bucket} failed, last published never: ${failure.reason} → `),
    });
    expect(started.attempts).toEqual([]);

    await other.replace('ring', 'shared', stored.version + 1, stored.value);
    await ticks(started, minute);
    expect(started.attempts).toEqual([]);
    await started.publisher.tick();
    expect(started.attempts).toEqual([2 * minute]);
    expect(started.publisher.states()).toEqual([refused]);
  });

  test('does not hide the failure that a bucket itself reported', async () => {
    const started = await suite.start();
    await started.publisher.tick();
    await started.store.close();
    suite.keys.clock.ms += minute;
    await started.publisher.tick();
    expect(logLines('cannot publish to any bucket')).toHaveLength(1);
    expect(started.publisher.states()).toEqual([refused]);
  });
});

describe('a tenant with unusable keys', () => {
  test('is skipped with a log line, while the documents of all other tenants are published and checked', async () => {
    const before = await suite.start();
    const own = { name: 'Acme', own_issuer: true, own_keys: true };
    const [bad, good] = [await before.tenants.create(own), await before.tenants.create(own)];
    await chmod(join(suite.keys.folder('keys'), `${bad.id}.json`), 0o644);

    const { mirror, serve, requests } = await mirrorServer();
    const started = await suite.start([mirror]);
    const page = await publishedDocuments(started.issuers, started.tenants, { limit: 10 });
    const paths = ['', `t/${good.id}/`].flatMap((below) => [
      `${below}jwks`,
      `${below}.well-known/openid-configuration`,
    ]);
    expect([page.items.map(({ path }) => path), page.missing]).toEqual([paths, [bad.id]]);

    await started.publisher.tick();
    expect(started.publisher.states()).toEqual([refused]);
    expect(await checkOf(started, 'mirrors')).toEqual({
      name: 'mirrors',
      ok: true,
      detail: `${mirror} not checked yet`,
    });
    serve(page.items);
    await started.mirrors.tick();
    expect(started.mirrors.states()).toEqual([{ mirror, reason: undefined, checkedAt: noon }]);
    expect(requests.toSorted()).toEqual(paths.toSorted());
    expect(await checkOf(started, 'mirrors')).toEqual({ name: 'mirrors', ok: true, detail: '1 as served' });
    const logged = {
      level: 'warn',
      tenants: [bad.id],
      msg: 'cannot use the signing keys of these tenants; their documents are not published',
    };
    expect(logLines('their documents are not published')).toEqual([
      expect.objectContaining(logged),
      expect.objectContaining(logged),
    ]);
  });
});

/** A mirror that serves documents as a bucket does, and records the requests. */
async function mirrorServer() {
  let documents: readonly PublishedDocument[] = [];
  const requests: string[] = [];
  const server = createServer(({ url = '' }, answer) => {
    requests.push(url.slice(1));
    const document = documents.find(({ path }) => `/${path}` === url);
    answer.writeHead(document ? 200 : 404, document?.document.headers).end(document?.document.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  servers.push(server);
  return {
    mirror: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    serve(items: readonly PublishedDocument[]) {
      documents = items;
    },
  };
}
