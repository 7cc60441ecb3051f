/** Replaces the key-encryption key that a server with the embedded store created at its first start. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import { sojourn } from '../tools/cli/arrange.ts';
import { environment, writeConfig } from './process.ts';
import { newFolder, server, steadyPort } from './stage.ts';

const kidsAt = async (issuer: string): Promise<string[]> => {
  const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
};

test('keys rekey works while the server runs, and after a restart the previous key is not needed', async () => {
  const [folder, port] = [await newFolder(), await steadyPort()];
  const [old, made] = [join(folder, 'encryption.key'), join(folder, 'new/encryption-2.key')];
  const long = { publish_lead: '1h' };
  const first = await server({ folder, port, config: { keys: long } });
  const { client, connection } = await oneConnection(first);
  const kids = await kidsAt(first.issuer);
  const file = await writeConfig({ folder, port, config: { keys: long } });
  while (!existsSync(join(folder, 'keys/audit.mark'))) await sleep(50);

  const rekeyed = await sojourn(['keys', 'rekey', '--to', `file:${made}`, '--config', file], environment());
  // Four of the main key ring, and the journal key.
  expect(rekeyed).toEqual({
    code: 0,
    err: '',
    out: `file:${made} decrypts all 5 private keys; this run rewrapped 5 of them.

Next:
1. Set keys.encryption_key to file:${made} and restart all servers.
2. Run this command again: until its restart, a server encrypts new keys with the previous key.
3. Delete the previous key.
`,
  });
  expect(await readFile(made, 'utf8')).not.toBe(await readFile(old, 'utf8'));
  // The running server compares the store with its high-water mark, which has the new key.
  await sleep(2_500);
  expect((await askToken(first.issuer, withSecret(client, connection))).status).toBe(200);
  await first.stop('SIGTERM');

  await rm(old);
  const config = { keys: { ...long, encryption_key: `file:${made}` } };
  const second = await server({ folder, port, config });
  expect(await kidsAt(second.issuer)).toEqual(kids);
  expect((await askToken(second.issuer, withSecret(client, connection))).status).toBe(200);
  await second.stop('SIGTERM');
}, 120_000);

test('keys rekey with a wrong current key changes nothing and creates no new key', async () => {
  const [folder, port] = [await newFolder(), await steadyPort()];
  const running = await server({ folder, port });
  await running.stop('SIGTERM');
  const file = await writeConfig({ folder, port });
  const made = join(folder, 'new.key');
  const env = environment({ WRONG: Buffer.alloc(32, 1).toString('base64url') });
  const before = await readFile(join(folder, 'keys/ring.json'), 'utf8');
  const asked = ['keys', 'rekey', '--from', 'env:WRONG', '--to', `file:${made}`, '--config', file];
  expect(await sojourn(asked, env)).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(
      /^The signing key \S+ cannot be used: another key-encryption key than the configured one encrypts it\.\n/,
    ),
  });
  await expect(readFile(made)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readFile(join(folder, 'keys/ring.json'), 'utf8')).toBe(before);
}, 120_000);

test('keys rekey creates no database if there is none', async () => {
  const folder = await newFolder();
  const file = await writeConfig({ folder, port: 1 });
  const env = environment({ OLD: Buffer.alloc(32, 1).toString('base64url') });
  const asked = ['keys', 'rekey', '--from', 'env:OLD', '--to', `file:${join(folder, 'k')}`, '--config', file];
  expect(await sojourn(asked, env)).toEqual({
    code: 1,
    out: '',
    err: `The database ${join(folder, 'sojourn.db')} does not exist.\n→ Give the server's configuration with --config, and run this command in the server's working directory.\n`,
  });
  expect(await readdir(folder)).toEqual(['sojourn.yaml']);
}, 60_000);

test('keys rekey reports that a key service needs no key-encryption key', async () => {
  const folder = await newFolder();
  const keys = { backend: 'aws-kms', aws_kms: { region: 'eu-central-1' } };
  const file = await writeConfig({ folder, port: 1, config: { keys } });
  const asked = ['keys', 'rekey', '--to', `file:${join(folder, 'k')}`, '--config', file];
  expect(await sojourn(asked, environment())).toEqual({
    code: 1,
    out: '',
    err: 'There is no key-encryption key: aws-kms has the private keys.\n→ To replace them, run `sojourn keys rotate`.\n',
  });
  expect(await readdir(folder)).toEqual(['sojourn.yaml']);
}, 60_000);

test('keys rekey that fails half-way says which key-encryption key each private key needs, and so does a start', async () => {
  const [folder, port] = [await newFolder(), await steadyPort()];
  const running = await server({ folder, port });
  await running.stop('SIGTERM');
  const file = await writeConfig({ folder, port });
  const [old, made] = [join(folder, 'encryption.key'), join(folder, 'new.key')];
  const database = new DatabaseSync(join(folder, 'sojourn.db'));
  const ring = () =>
    JSON.parse(
      String(
        database.prepare("SELECT value FROM documents WHERE record_type = 'ring' AND id = 'shared'").get()
          ?.value,
      ),
    ) as { keys: { kid: string; sealed: string | null }[] };
  const kids = ring().keys.map(({ kid }) => kid);
  database.exec(`CREATE TRIGGER full BEFORE UPDATE ON documents
    WHEN NEW.record_type = 'ring' AND NEW.id = 'shared' AND json_extract(NEW.value, '$.keys[1].sealed') <> json_extract(OLD.value, '$.keys[1].sealed')
    BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);

  const asked = ['keys', 'rekey', '--to', `file:${made}`, '--config', file];
  const failed = await sojourn(asked, environment());
  const [first = '', ...others] = kids;
  expect(failed).toMatchObject({ code: 1, out: '' });
  expect(failed.err.split('\n').slice(0, 2)).toEqual([
    expect.stringContaining(
      ` Encrypted with the new key: ${first}. Encrypted with the previous one: ${others.join(', ')}`,
    ),
    '→ Keep both key-encryption keys. Remove the cause and run the same command again. Until then a server starts with keys.encryption_key set to the new key and keys.previous_encryption_key to the previous one.',
  ]);

  const advice =
    '→ Set keys.encryption_key to the one that does. Delete no key-encryption key. If `sojourn keys rekey` was interrupted, run it again with the same --to, or set keys.encryption_key to the new key and keys.previous_encryption_key to the old one.\n';
  const unusable = (kid: string) =>
    `The signing key ${kid} cannot be used: another key-encryption key than file:${old} encrypts it. It is in ${join(folder, 'sojourn.db')}.`;
  const startWith = async (keys: object) => {
    const config = await writeConfig({ folder, port, config: { keys } });
    return sojourn(['serve', '--config', config], environment());
  };
  expect(await startWith({ encryption_key: `file:${old}` })).toMatchObject({
    code: 1,
    err: expect.stringContaining(`${unusable(first)} Usable: ${others.join(', ')}.\n${advice}`),
  });
  expect(await startWith({ encryption_key: `file:${made}` })).toMatchObject({
    code: 1,
    err: expect.stringContaining(
      'Delete no key-encryption key. If `sojourn keys rekey` was interrupted, run it again',
    ),
  });
  // Another new key would need both: refused with the same advice, and nothing is changed.
  const before = ring();
  const third = [
    'keys',
    'rekey',
    '--to',
    `file:${join(folder, 'third.key')}`,
    '--config',
    await writeConfig({ folder, port }),
  ];
  expect((await sojourn(third, environment())).err).toContain(advice);
  expect(ring()).toEqual(before);

  database.exec('DROP TRIGGER full');
  database.close();
  const keys = { encryption_key: `file:${made}`, previous_encryption_key: `file:${old}` };
  const both = await server({ folder, port, config: { keys } });
  expect((await kidsAt(both.issuer)).toSorted()).toEqual(kids.toSorted());
  await both.stop('SIGTERM');
}, 120_000);
