/** The bounds of a verification: 1,000,000 lines in under 60 s and 300 MB, on a store of each kind. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { type CommandStage, commandStage } from './command-stage.ts';

const lines = 1_000_000;
const sojourn = join(import.meta.dirname, '../../../bin/sojourn.js');

let redis: RedisServer;
let postgres: PostgresServer;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
}, 60_000);
afterAll(() => Promise.all([redis.stop(), postgres.stop()]));

/** As long as the line of an issued token. */
const entry = (i: number): string =>
  JSON.stringify({
    actor: `cli_${i % 20}`,
    aud: 'sts.amazonaws.com',
    client: `cli_${i % 20}`,
    connection: `con_${i % 300}`,
    event: 'token.issued',
    jti: randomBytes(16).toString('base64url'),
    kid: 'kid-of-the-key-that-signed-it',
    outcome: 'ok',
    request_id: 'd8d3a9f0-6f0d-4c9a-8a0c-0c3c5d0a7b11',
    source_ip: '192.0.2.17',
    sub: `tenant:ten_${i % 100}:connection:con_${i % 300}`,
    tenant: `ten_${i % 100}`,
  });

const at = (i: number): number => Date.now() - 86_400_000 * 90 + i * 7_000;

function fillSqlite(url: string): void {
  const database = new DatabaseSync(url.slice('sqlite:'.length), { timeout: 4_000 });
  database.exec('BEGIN IMMEDIATE');
  const insert = database.prepare('INSERT INTO journal (at, salt, value) VALUES (?, ?, ?)');
  for (let i = 0; i < lines; i++) insert.run(at(i), randomBytes(16), entry(i));
  database.exec('COMMIT');
  database.close();
}

async function fillRedis(url: string): Promise<void> {
  const client = new Redis(url);
  for (let i = 0; i < lines; i += 5_000) {
    const batch = Array.from({ length: 5_000 }, (_, j) => [
      String(i + j + 1),
      `${at(i + j)}:${randomBytes(16).toString('base64url')}:${entry(i + j)}`,
    ]);
    await client.hset('{sojourn}:journal:lines', ...batch.flat());
  }
  await client.set('{sojourn}:journal:sequence', lines);
  await client.quit();
}

async function fillPostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (let i = 0; i < lines; i += 5_000) {
    const numbers = Array.from({ length: 5_000 }, (_, j) => i + j);
    await client.query(
      'INSERT INTO sojourn.journal SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::text[])',
      [numbers.map((n) => n + 1), numbers.map(at), numbers.map(() => randomBytes(16)), numbers.map(entry)],
    );
  }
  await client.end();
}

test.each<[string, () => string | undefined, (url: string) => unknown]>([
  ['SQLite', () => undefined, fillSqlite],
  ['Redis', () => redis.url, fillRedis],
  ['PostgreSQL', () => postgres.url, fillPostgres],
])(
  'a verification of a million lines in %s takes less than 60 s and 300 MB',
  async (name, sharedUrl, fill) => {
    const stage: CommandStage = await commandStage(sharedUrl());
    await fill(stage.url);
    await stage.seal();
    await stage.indexed();
    await stage.rest();
    const startedAt = performance.now();
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import', peak, sojourn, 'audit', 'verify', '--config', join(stage.folder, 'sojourn.yaml')],
      { env: { PATH: process.env.PATH ?? '', ...stage.env } },
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    const megabytes = Number(/peak (\d+) kB/.exec(stderr)?.[1]) / 1_024;
    process.stderr.write(
      `${name}: ${lines} lines in ${seconds.toFixed(1)} s with ${megabytes.toFixed(0)} MB\n`,
    );
    await stage.end();
    expect(stdout).toBe(`idp.example.com/audit: ${lines} lines verified.\nKey: ${stage.key}\n`);
    expect(seconds).toBeLessThan(60);
    expect(megabytes).toBeLessThan(300);
  },
  600_000,
);

/** Prints the most memory that the process has had, at its end. */
const peak = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => process.stderr.write(`peak ${process.resourceUsage().maxRSS} kB`))',
)}`;
