/** `sojourn audit verify` as an operator runs it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { verifierKey } from '../../../src/platform/merkle/index.ts';
import { testSigner } from '../../platform/audit/log-check.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { type CommandStage, commandStage } from './command-stage.ts';

let redis: RedisServer;
let postgres: PostgresServer;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
}, 60_000);
afterAll(() => Promise.all([redis.stop(), postgres.stop()]));

const compare =
  'Compare it with a backup, an export or an archive, and find out who had write access to the store. Sojourn changed nothing.';

describe.each([
  ['SQLite', () => undefined],
  ['Redis', () => redis.url],
  ['PostgreSQL', () => postgres.url],
])('sojourn audit verify on %s', (name, sharedUrl) => {
  let stage: CommandStage;
  beforeEach(async () => {
    stage = await commandStage(sharedUrl());
    for (let i = 0; i < 5; i++)
      await stage.store.append({ at: Date.now(), value: { event: 'token.issued', client: 'cli_1', i } });
    await stage.seal();
  });
  afterEach(() => stage.end());

  test('says how many lines are intact while the store is in use', async () => {
    expect(await stage.audit('verify')).toEqual({
      code: 0,
      out: `idp.example.com/audit: 5 lines verified.\nKey: ${stage.key}\n`,
      err: '',
    });
    await stage.store.append({ at: Date.now(), value: { event: 'token.issued' } });
    expect((await stage.audit('verify')).out).toBe(
      `idp.example.com/audit: 5 lines verified, 1 line not sealed yet.\nKey: ${stage.key}\n`,
    );
  });

  test('names the first edited line, its time and what to do, and exits with 1', async () => {
    const at = Date.UTC(2026, 6, 1);
    const line = await stage.tables.line(3);
    await stage.tables.setLine(3, { ...line, at });
    await stage.tables.deleteLine(4);
    const detail =
      'Line 3 of 2026-07-01T00:00:00.000Z was edited: its time, text or salt is not what was sealed.';
    expect(await stage.audit('verify')).toEqual({ code: 1, out: '', err: `${detail}\n→ ${compare}\n` });
    const { code, out } = await stage.audit('verify', '--json');
    expect({ code, ...(JSON.parse(out) as object) }).toEqual({
      code: 1,
      verified: false,
      origin: 'idp.example.com/audit',
      sealed: 5,
      unsealed: 0,
      pruned: 0,
      archived: 0,
      key: stage.key,
      fault: { kind: 'edited', line: 3, occurred_at: '2026-07-01T00:00:00.000Z', detail, advice: compare },
    });
  });

  test('accepts only the published key if it is given, as text or in a file', async () => {
    const file = join(stage.folder, 'key.txt');
    await writeFile(file, `${stage.key}\n`);
    expect((await stage.audit('verify', '--key', stage.key)).code).toBe(0);
    expect((await stage.audit('verify', '--key', file)).code).toBe(0);
    const other = verifierKey('idp.example.com/audit', testSigner().jwk);
    expect(await stage.audit('verify', '--key', other.text)).toEqual({
      code: 1,
      out: '',
      err: `The checkpoint of idp.example.com/audit has no valid signature of the key ${other.keyId} of idp.example.com/audit.\n→ ${compare}\n`,
    });
  });

  test('refuses lines that no checkpoint covers for more than five minutes', async () => {
    const at = Date.now() - 5 * 60_000 - 1_000;
    await stage.store.append({ at, value: { event: 'token.issued' } });
    expect(await stage.audit('verify')).toEqual({
      code: 1,
      out: '',
      err: `The log has lines since ${new Date(at).toISOString()} that no checkpoint covers.\n→ Start the server, which seals them within seconds. If it runs, see its log for why it cannot.\n`,
    });
  });

  test('verifies a log without lines', async () => {
    const empty = await commandStage(sharedUrl());
    expect(await empty.audit('verify')).toEqual({
      code: 0,
      out: 'The audit log: 0 lines verified.\n',
      err: '',
    });
    expect(await empty.audit('verify', '--archive', 'archive.jsonl.gz')).toEqual({
      code: 1,
      out: '',
      err: `archive.jsonl.gz is not of this log, which has no checkpoint yet.\n→ ${compare}\n`,
    });
    await empty.end();
  });

  test('verifies a backup of the embedded store, and says that one of a shared store has no log', async () => {
    const folder = join(stage.folder, 'backup');
    const config = join(stage.folder, 'sojourn.yaml');
    expect(await stage.run('backup', '--output', folder, '--config', config)).toMatchObject({ code: 0 });
    expect(await stage.run('audit', 'verify', '--backup', folder)).toEqual(
      name === 'SQLite'
        ? { code: 0, out: `idp.example.com/audit: 5 lines verified.\nKey: ${stage.key}\n`, err: '' }
        : {
            code: 1,
            out: '',
            err: `The backup ${folder} is of a shared store, and contains no audit log.\n→ Verify the store itself with --config. \`sojourn audit archive\` writes its lines to a file.\n`,
          },
    );
  });

  test('exits with 2 if the arguments are wrong', async () => {
    expect(await stage.run('audit', 'verify')).toEqual({
      code: 2,
      out: '',
      err: 'The configuration is missing. Give its file with --config.\n',
    });
    expect(await stage.audit('verify', '--backup', stage.folder)).toEqual({
      code: 2,
      out: '',
      err: 'Give either --config or --backup.\n',
    });
    expect(await stage.audit('verify', '--key', 'idp.example.com+00000000+AA==')).toEqual({
      code: 2,
      out: '',
      err: '--key: is not a checkpoint key, and no file with one. Copy it as the issuer publishes it.\n',
    });
  });
});

test('sojourn audit verify creates no database', async () => {
  const stage = await commandStage(undefined);
  const file = join(stage.folder, 'other', 'sojourn.db');
  const config = join(stage.folder, 'other.yaml');
  await writeFile(
    config,
    JSON.stringify({
      issuer: 'https://idp.example.com',
      listen: { public: '127.0.0.1:8080' },
      store: `sqlite:${file}`,
    }),
  );
  expect(await stage.run('audit', 'verify', '--config', config)).toEqual({
    code: 1,
    out: '',
    err: `The database ${file} does not exist.\n→ Give the configuration of the server, and run the command in the working directory of the server.\n`,
  });
  await stage.end();
});
