/** What unauthenticated callers add to the audit log at full speed, seen from outside: in the file of the database. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { repetitions } from '../../support/scale.ts';
import { askToken, oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Line {
  readonly event: string;
  readonly actor: string;
  readonly reason?: string;
  readonly source_ip?: string;
  readonly facts?: { readonly count?: number; readonly network?: string };
}

/** Each in a network of its own. */
const addresses = repetitions({ part: 1_500, full: 15_000 });

/** A server whose limits refuse nobody early, so that each request becomes a refusal. */
async function flooded() {
  const clock = { ms: 1_800_000_000_000 };
  const limits = { failed_sign_ins: 1_000, refused_sign_ins: 1_000, requests_per_address: 1_000 };
  const running = await testServer({
    config: { limits, trust_proxy: ['127.0.0.1/32'] },
    now: () => clock.ms,
  });
  server = running;
  const { client, connection } = await oneConnection(running);
  const database = () => new DatabaseSync(join(running.folder, 'sojourn.db'), { readOnly: true });
  const lines = (): Line[] => {
    const file = database();
    const rows = file.prepare('SELECT value FROM journal').all() as { value: string }[];
    file.close();
    return rows.map(({ value }) => {
      const stored = JSON.parse(value) as Line | { entry: Line };
      return 'entry' in stored ? stored.entry : stored;
    });
  };
  const first = lines().length;
  const refusals = () => lines().slice(first);
  return {
    ...{ server: running, client, connection, clock, refusals },
    wrong: withSecret({ ...client, client_secret: 'wrong' }),
    refused: (event: string) =>
      refusals()
        .filter((line) => line.event === event)
        .reduce((sum, { facts }) => sum + (facts?.count ?? 1), 0),
    /** Sets the clock forward and waits until the server has written the counts of the minute. */
    async nextMinute() {
      const before = lines().length;
      clock.ms += 60_000;
      const until = performance.now() + 10_000;
      while (lines().length === before && performance.now() < until) await sleep(50);
    },
    bytes: () =>
      readdirSync(running.folder)
        .filter((name) => name.startsWith('sojourn.db') && !name.endsWith('-shm'))
        .reduce((sum, name) => sum + statSync(join(running.folder, name)).size, 0),
    /** Moves the write-ahead log into the file, so that its size is that of the content. */
    compact() {
      const file = new DatabaseSync(join(running.folder, 'sojourn.db'), { timeout: 5_000 });
      file.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      file.close();
    },
  };
}

const inBatches = async (number: number, work: (index: number) => Promise<unknown>) => {
  for (let start = 0; start < number; start += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, number - start) }, (_, index) => work(start + index)),
    );
};

test('one unauthenticated client at full speed for ten minutes adds less than 1 MB, and every refusal is counted', async () => {
  const { server: running, wrong, nextMinute, refused, refusals, compact, bytes } = await flooded();
  const api = `${running.issuer}/v1/connections/x/token`;
  compact();
  const before = bytes();
  for (let minute = 0; minute < 10; minute++) {
    await inBatches(250, () => askToken(running.issuer, wrong));
    await inBatches(100, () => fetch(api, { headers: { authorization: 'Bearer x' } }));
    await inBatches(50, () => fetch(`${running.issuer}/connect/x`));
    await nextMinute();
  }
  compact();
  await running.stop();
  expect(bytes() - before).toBeLessThan(1_000_000 / 4);
  expect(['token.refused', 'api.refused', 'invitation.refused'].map(refused)).toEqual([2_500, 1_000, 500]);
  // Ten lines of each kind in a minute, and one count.
  expect(refusals().length).toBe(10 * 3 * 11);
  expect(running.logged()).not.toContain('"level":"error"');
}, 120_000);

test('many addresses with many reasons add at most 100 lines and 23 counts in a minute, and every refusal is counted', async () => {
  const { server: running, wrong, nextMinute, refused, refusals } = await flooded();
  const from = (index: number) => ({
    headers: { 'x-forwarded-for': `10.${index >> 8}.${index & 255}.1` },
  });
  const kinds = [
    wrong,
    { ...wrong, client_id: 'cli_nobody' },
    { ...wrong, grant_type: 'password' },
    { grant_type: 'client_credentials' },
  ];
  await inBatches(addresses, (index) => askToken(running.issuer, kinds[index % kinds.length]!, from(index)));
  await inBatches(40, () => fetch(`${running.adminOrigin}/admin/v1/tenants`));
  await nextMinute();
  await running.stop();
  expect([refused('token.refused') + refused('request.rate_limited'), refused('admin.refused')]).toEqual([
    addresses,
    40,
  ]);
  const counts = refusals().filter(({ facts }) => facts?.count !== undefined);
  expect(counts.length).toBeLessThanOrEqual(23);
  expect(refusals().length - counts.length).toBe(110);
  const counted = refusals().filter(({ event, facts }) => event === 'admin.refused' && facts?.count);
  expect(counted).toEqual([
    {
      event: 'admin.refused',
      outcome: 'refused',
      actor: 'unknown',
      reason: 'missing bearer token',
      facts: {
        count: 30,
        network: '127.0.0.0/24',
        from: '2027-01-15T08:00:00.000Z',
        to: '2027-01-15T08:00:00.000Z',
      },
    },
  ]);
}, 180_000);

test('refusals of a known client stay one line each before the response, in a flood of others', async () => {
  const { server: running, client, wrong, refusals } = await flooded();
  await inBatches(100, () => askToken(running.issuer, wrong));
  for (let times = 1; times <= 15; times++) {
    const answer = await askToken(running.issuer, withSecret(client, { id: 'con_nowhere' }));
    expect(answer.body.error).toBe('invalid_target');
    expect(refusals().filter(({ actor }) => actor === client.client_id).length).toBe(times);
  }
}, 60_000);

test('refusals by a limit are counted too, and a server that stops writes the counts of the running minute', async () => {
  const clock = { ms: 1_800_000_000_000 };
  server = await testServer({ config: { limits: { failed_sign_ins: 5 } }, now: () => clock.ms });
  const { client } = await oneConnection(server);
  const wrong = withSecret({ ...client, client_secret: 'wrong' });
  const statuses: number[] = [];
  for (let times = 0; times < 20; times++) statuses.push((await askToken(server.issuer, wrong)).status);
  expect(statuses).toEqual([...Array(5).fill(401), ...Array(15).fill(429)]);
  await server.stop();
  const file = new DatabaseSync(join(server.folder, 'sojourn.db'), { readOnly: true });
  const rows = file.prepare('SELECT value FROM journal ORDER BY sequence DESC LIMIT 1').all();
  file.close();
  expect(JSON.parse(String(rows[0]?.value))).toEqual({
    event: 'sign_in.rate_limited',
    outcome: 'refused',
    actor: 'unknown',
    facts: {
      count: 15,
      network: '127.0.0.0/24',
      from: '2027-01-15T08:00:00.000Z',
      to: '2027-01-15T08:00:00.000Z',
    },
  });
}, 60_000);
