/** One unauthenticated client at full speed for ten real minutes, as fast as one connection after the other allows. */
import { statSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { oneConnection, withSecret } from '../support/server.ts';
import { newFolder, server, steadyPort } from './stage.ts';

/** For a shorter run while working on this test. */
const minutes = Number(process.env.SOJOURN_FLOOD_MINUTES ?? 10);
const connections = 16;

test(
  'a flood of wrong secrets for ten minutes adds less than 1 MB to the database, and each refusal is counted',
  async () => {
    const folder = await newFolder();
    const sojourn = await server({ folder, port: await steadyPort() });
    const { client } = await oneConnection(sojourn);
    const file = join(folder, 'sojourn.db');
    const size = () => {
      const database = new DatabaseSync(file, { timeout: 5_000 });
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      database.close();
      return statSync(file).size;
    };
    const before = size();
    const body = new URLSearchParams(withSecret({ ...client, client_secret: 'wrong' })).toString();
    const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length };
    const send = () =>
      new Promise<number>((resolve, reject) => {
        http
          .request(`${sojourn.issuer}/token`, { method: 'POST', agent, headers }, (response) => {
            response.resume().once('end', () => resolve(response.statusCode ?? 0));
          })
          .once('error', reject)
          .end(body);
      });
    const statuses = new Map<number, number>();
    const until = performance.now() + minutes * 60_000;
    const flood = async () => {
      while (performance.now() < until) {
        const status = await send();
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: connections }, flood));
    agent.destroy();
    expect([...statuses.keys()]).toEqual([401]);
    await sojourn.stop('SIGTERM');
    const grown = size() - before;
    process.stderr.write(`${statuses.get(401)} refusals in ${minutes} minutes add ${grown} bytes\n`);
    expect(grown).toBeLessThan((1_000_000 * minutes) / 10);
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = database.prepare('SELECT value FROM journal').all() as { value: string }[];
    database.close();
    const counted = rows
      .map(({ value }) => JSON.parse(value) as { event: string; facts?: { count?: number } })
      .filter(({ event }) => event === 'token.refused')
      .reduce((sum, { facts }) => sum + (facts?.count ?? 1), 0);
    expect(counted).toBe(statuses.get(401));
  },
  (minutes + 2) * 60_000,
);
