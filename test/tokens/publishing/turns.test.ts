import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type PublishedDocument, publishedDocuments } from '../../../src/tokens/issuer/index.ts';
import { noon, second } from '../keys/records.ts';
import { type PublicationRooms, publicationRooms, type Started, to } from './rooms.ts';

const minute = 60 * second;

let rooms: PublicationRooms;
beforeEach(async () => {
  rooms = await publicationRooms();
});
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rooms.end();
});

/** Turns as a server has them, for so long by the clock. */
async function turns({ publication }: Started, ms: number): Promise<void> {
  for (const end = rooms.keys.clock.ms + ms; rooms.keys.clock.ms < end; rooms.keys.clock.ms += 2 * second)
    await publication.turn();
}

const checkOf = async ({ health }: Started, name: string) =>
  (await health.checks()).find((check) => check.name === name);
const lines = (text: string) =>
  rooms.keys
    .logged()
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const refused = {
  to,
  publishedAt: undefined,
  failure: {
    reason: expect.stringMatching(/^connection_not_found: /),
    advice: expect.stringMatching(/./),
  },
};

describe('a bucket that refuses', () => {
  test('is tried again after 1, 2, 4 and 8 minutes and then each 15, and at once when the documents change', async () => {
    const started = await rooms.start();
    await turns(started, 62 * minute);
    expect(started.tries.map((ms) => ms / minute)).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
    expect(started.publication.states()).toEqual([refused]);
    started.publication.wake();
    await started.publication.turn();
    expect(started.tries.slice(8).map((ms) => ms / minute)).toEqual([62]);
  });

  test('stays in its pause while its copy, or that of another, is found to differ', async () => {
    const { publication, tries } = await rooms.start();
    for (const end = rooms.keys.clock.ms + 62 * minute; rooms.keys.clock.ms < end; ) {
      publication.heal(to);
      publication.heal('s3://another');
      await publication.turn();
      rooms.keys.clock.ms += minute;
    }
    expect(tries.map((ms) => ms / minute)).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
  });

  test('stays in its pause while everything is due to be put again', async () => {
    const started = await rooms.start([], 4 * minute);
    await turns(started, 62 * minute);
    expect(started.tries.map((ms) => ms / minute)).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
  });
});

describe('a turn in which the documents cannot be put together', () => {
  test('is a failure of every bucket, which is told in /readyz, and is over when the next turn is not', async () => {
    const started = await rooms.start();
    const [stored, other] = [(await started.store.get<object>('ring', 'shared'))!, rooms.keys.store];
    await other.replace('ring', 'shared', stored.version, { ...stored.value, id: 'another' });
    rooms.keys.clock.ms += minute;
    await started.publication.turn();
    const failure = {
      reason: 'store_unavailable: The key rings cannot be read anew.',
      advice: expect.stringMatching(/./),
    };
    expect(started.publication.states()).toEqual([{ to, publishedAt: undefined, failure }]);
    expect(await checkOf(started, 'publication')).toEqual({
      name: 'publication',
      ok: true,
      detail: expect.stringContaining(`${to} failed, last published never: ${failure.reason} → `),
    });
    expect(started.tries).toEqual([]);

    await other.replace('ring', 'shared', stored.version + 1, stored.value);
    await turns(started, minute);
    expect(started.tries).toEqual([]);
    await started.publication.turn();
    expect(started.tries).toEqual([2 * minute]);
    expect(started.publication.states()).toEqual([refused]);
  });

  test('does not hide what a bucket has answered', async () => {
    const started = await rooms.start();
    await started.publication.turn();
    await started.store.close();
    rooms.keys.clock.ms += minute;
    await started.publication.turn();
    expect(lines('nothing was published')).toHaveLength(1);
    expect(started.publication.states()).toEqual([refused]);
  });
});

describe('a tenant whose keys cannot be used', () => {
  test('has its documents left out, which is told, and those of all others are published and compared', async () => {
    const before = await rooms.start();
    const own = { name: 'Acme', own_issuer: true, own_keys: true };
    const [bad, good] = [await before.tenants.create(own), await before.tenants.create(own)];
    await chmod(join(rooms.keys.folder('keys'), `${bad.id}.json`), 0o644);

    const { copy, serve, asked } = await copyServer();
    const started = await rooms.start([copy]);
    const found = await publishedDocuments(started.issuers, started.tenants, { limit: 10 });
    const paths = ['', `t/${good.id}/`].flatMap((below) => [
      `${below}jwks`,
      `${below}.well-known/openid-configuration`,
    ]);
    expect([found.items.map(({ path }) => path), found.missing]).toEqual([paths, [bad.id]]);

    await started.publication.turn();
    expect(started.publication.states()).toEqual([refused]);
    expect(await checkOf(started, 'mirrors')).toEqual({
      name: 'mirrors',
      ok: true,
      detail: `${copy} not compared yet`,
    });
    serve(found.items);
    await started.copies.turn();
    expect(started.copies.states()).toEqual([{ copy, reason: undefined, comparedAt: noon }]);
    expect(asked.toSorted()).toEqual(paths.toSorted());
    expect(await checkOf(started, 'mirrors')).toEqual({ name: 'mirrors', ok: true, detail: '1 as served' });
    const told = {
      level: 'warn',
      tenants: [bad.id],
      msg: 'documents are left out: the keys of these tenants cannot be used',
    };
    expect(lines('documents are left out')).toEqual([
      expect.objectContaining(told),
      expect.objectContaining(told),
    ]);
  });
});

/** Serves what it is given, as a bucket does, and remembers what was asked for. */
async function copyServer() {
  let documents: readonly PublishedDocument[] = [];
  const asked: string[] = [];
  const server = createServer(({ url = '' }, answer) => {
    asked.push(url.slice(1));
    const found = documents.find(({ path }) => `/${path}` === url);
    answer.writeHead(found ? 200 : 404, found?.document.headers).end(found?.document.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  servers.push(server);
  return {
    copy: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    serve(these: readonly PublishedDocument[]) {
      documents = these;
    },
  };
}
