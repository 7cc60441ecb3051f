/** Errors that prevent a start: each is one sentence with advice, and nothing is changed or created. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { oneConnection } from '../support/server.ts';
import { type CommandResult, sojourn } from '../tools/cli/arrange.ts';
import { environment, writeConfig } from './process.ts';
import { later, newFolder, server, steadyPort } from './stage.ts';

/** Without what went to the log, of which a start that fails may have written some already. */
async function refusal(
  file: string,
  env: Record<string, string> = {},
  options: readonly string[] = [],
): Promise<Omit<CommandResult, 'out'>> {
  const { code, err } = await sojourn(['serve', ...options, '--config', file], environment(env));
  return { code, err };
}

let template: string;
/** Of its issuer. */
let issuerPort: number;

beforeAll(async () => {
  template = await newFolder();
  issuerPort = await steadyPort();
  const running = await server({ folder: template, port: issuerPort });
  await oneConnection(running);
  expect(await running.stop('SIGTERM')).toEqual({ code: 0, signal: null });
}, 60_000);

/** A folder in which a server has run, has been given a connection, and has stopped. */
async function used(config: Record<string, unknown> = {}) {
  const folder = await newFolder();
  await cp(template, folder, { recursive: true });
  const port = await steadyPort();
  return { folder, port, file: await writeConfig({ folder, port, issuerPort, config }) };
}

/** Every file below the folder with a hash of what is in it. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
  const found: Record<string, string> = {};
  for (const file of files) {
    const hash = createHash('sha256').update(await readFile(file));
    found[file.slice(folder.length + 1)] = hash.digest('hex');
  }
  return found;
}

async function occupy(port: number): Promise<void> {
  const occupier = createServer().listen(port, '127.0.0.1');
  await once(occupier, 'listening');
  later(async () => occupier.close());
}

const kidsIn = (ring: string): string[] =>
  (JSON.parse(ring) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

/** With another character in the middle. */
const damaged = (sealed: string): string => {
  const at = Math.floor(sealed.length / 2);
  return sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
};

/** Turns one character of the first private key in the store, and returns whose it is. */
function damageKey(file: string): { kid: string; others: string } {
  const database = new DatabaseSync(file);
  const row = database.prepare("SELECT value FROM documents WHERE record_type = 'ring'").get();
  const ring = JSON.parse(String(row?.value)) as { keys: { kid: string; sealed: string }[] };
  const [key, ...others] = ring.keys;
  if (!key) throw new Error('there is no key to damage');
  key.sealed = damaged(key.sealed);
  database.prepare("UPDATE documents SET value = ? WHERE record_type = 'ring'").run(JSON.stringify(ring));
  database.close();
  return { kid: key.kid, others: others.map(({ kid }) => kid).join(', ') };
}

describe('a start on an address in use', () => {
  const taken = (listener: string, port: number) => ({
    code: 1,
    err: `listen.${listener}: 127.0.0.1:${port} cannot be used (EADDRINUSE).\n→ Choose another address, or stop the process that uses this one.\n`,
  });

  test('reports the public address, and leaves the state unchanged', async () => {
    const { folder, port, file } = await used();
    await occupy(port);
    const before = await snapshot(folder);
    expect(await refusal(file)).toEqual(taken('public', port));
    expect(await snapshot(folder)).toEqual(before);
  });

  test('reports the admin address, and leaves the state unchanged', async () => {
    const [port, adminPort] = [await steadyPort(), await steadyPort()];
    const listen = { public: `127.0.0.1:${port}`, admin: `127.0.0.1:${adminPort}` };
    const { folder, file } = await used({ listen });
    await occupy(adminPort);
    const before = await snapshot(folder);
    expect(await refusal(file)).toEqual(taken('admin', adminPort));
    expect(await snapshot(folder)).toEqual(before);
  });

  test('says what --init has created, and the next start uses it', async () => {
    const folder = await newFolder();
    const port = await steadyPort();
    await occupy(port);
    const refused = await refusal(await writeConfig({ folder, port, issuerPort }), {}, ['--init']);
    const created = `Created the issuer http://127.0.0.1:${issuerPort} in ${join(folder, 'sojourn.db')} and ${join(folder, 'keys')}.\n`;
    expect(refused).toEqual({ code: 1, err: created + taken('public', port).err });
    const ring = () => readFile(join(folder, 'keys/ring.json'), 'utf8');
    const made = kidsIn(await ring());
    expect(made.length).toBeGreaterThan(0);
    const running = await server({ folder, port: await steadyPort(), issuerPort });
    expect(kidsIn(await ring())).toEqual(made);
    await running.stop('SIGTERM');
  }, 60_000);
});

test('a start reports every fault of the configuration in one message, and creates nothing', async () => {
  const folder = await newFolder();
  const file = join(folder, 'sojourn.yaml');
  const lines = [
    'issuer: https://id.example.com/?a',
    'isuer: x',
    'tokens: { ttl: 2h }',
    'keys: { rotation: 1d }',
  ];
  await writeFile(file, lines.join('\n'));
  expect(await refusal(file, { SOJOURN_AUDIT_ON_FAILURE: 'never', SOJOURN_ADMIN_TOKEN: 'short' })).toEqual({
    code: 1,
    err: `isuer: is unknown; did you mean issuer? (${file}:2)
issuer: must not contain a query (${file}:1)
issuer: must not end with a slash (${file}:1)
keys.rotation: is unknown (${file}:4)
tokens.ttl: must be from 60s to 3600s (${file}:3)
audit.on_failure: must be refuse, spool or continue (SOJOURN_AUDIT_ON_FAILURE)
listen.public: is reachable from the network without encryption: set listen.tls, or add the proxy that terminates TLS to trust_proxy, or listen on 127.0.0.1
SOJOURN_ADMIN_TOKEN: must be at least 32 letters, digits and - . _ ~ + /, for example from: openssl rand -hex 32
→ Correct every line that the detail names.
`,
  });
  expect(Object.keys(await snapshot(folder))).toEqual(['sojourn.yaml']);
});

describe('a start with unusable state', () => {
  /** The server refuses the folder with this text, and changes nothing in it. */
  async function expectRefused(folder: string, file: string, err: string): Promise<void> {
    const before = await snapshot(folder);
    expect(await refusal(file)).toEqual({ code: 1, err });
    expect(await snapshot(folder)).toEqual(before);
  }

  test('refuses connections without keys, with the advice to restore them', async () => {
    const { folder, file } = await used();
    const database = new DatabaseSync(join(folder, 'sojourn.db'));
    expect(database.prepare("DELETE FROM documents WHERE record_type = 'ring'").run().changes).toBe(1);
    database.close();
    await rename(join(folder, 'keys'), join(await newFolder(), 'keys'));
    await expectRefused(
      folder,
      file,
      `The issuer exists, but its signing keys are neither in the store nor in ${join(folder, 'keys/ring.json')}.\n→ Restore the keys from a backup. New keys would lock out every customer until they trust them.\n`,
    );
  });

  test('names a damaged database', async () => {
    const { folder, file } = await used();
    const database = join(folder, 'sojourn.db');
    const bytes = await readFile(database);
    await writeFile(database, bytes.fill(0x5a, 0, bytes.length / 2));
    await expectRefused(
      folder,
      file,
      `The database ${database} is damaged: file is not a database.\n→ Restore a backup. Sojourn changed nothing.\n`,
    );
  });

  test.each([
    ['cut short', (text: string) => text.slice(0, -20)],
    ['empty', () => ''],
  ])('names a key file that is %s', async (_name, damage) => {
    const { folder, file } = await used();
    const ring = join(folder, 'keys/ring.json');
    await writeFile(ring, damage(await readFile(ring, 'utf8')));
    await expectRefused(
      folder,
      file,
      `${ring} cannot be used: it is not valid JSON.\n→ Restore the file that the detail names from a backup. Sojourn created no new key.\n`,
    );
  });

  test('names the kid of a private key that was changed in the store', async () => {
    const { folder, file } = await used();
    const { kid, others } = damageKey(join(folder, 'sojourn.db'));
    await expectRefused(
      folder,
      file,
      `The signing key ${kid} cannot be used: its encrypted private key is damaged. It is in ${join(folder, 'sojourn.db')}. Usable: ${others}.\n→ Restore it from a backup. The key-encryption key is the right one.\n`,
    );
  });

  test('names the key file if a private key that only it has was changed', async () => {
    const { folder, file } = await used();
    const path = join(folder, 'keys/ring.json');
    const ring = JSON.parse(await readFile(path, 'utf8')) as {
      revision: number;
      keys: { kid: string; sealed: string }[];
    };
    const [key, ...others] = ring.keys;
    ring.revision++;
    key!.sealed = damaged(key!.sealed);
    await writeFile(path, JSON.stringify(ring));
    await expectRefused(
      folder,
      file,
      `The signing key ${key!.kid} cannot be used: its encrypted private key is damaged. It is in ${path}. Usable: ${others.map(({ kid }) => kid).join(', ')}.\n→ Restore it from a backup. The key-encryption key is the right one.\n`,
    );
  });

  test('names the source of a key-encryption key that is not the one of the keys', async () => {
    const { folder, file } = await used();
    await writeFile(join(folder, 'encryption.key'), `${randomBytes(32).toString('base64url')}\n`);
    const kids = kidsIn(await readFile(join(folder, 'keys/ring.json'), 'utf8'));
    await expectRefused(
      folder,
      file,
      `The signing key ${kids[0]} cannot be used: another key-encryption key than file:${join(folder, 'encryption.key')} encrypts it. It is in ${join(folder, 'sojourn.db')}.\n→ Set keys.encryption_key to the one that does. Delete no key-encryption key. If \`sojourn keys rekey\` was interrupted, run it again with the same --to, or set keys.encryption_key to the new key and keys.previous_encryption_key to the old one.\n`,
    );
  });

  test('names a missing key-encryption key, and creates no other', async () => {
    const { folder, file } = await used();
    await rm(join(folder, 'encryption.key'));
    await expectRefused(
      folder,
      file,
      `The key-encryption key ${join(folder, 'encryption.key')} is missing, and it encrypts the signing keys.\n→ Restore this file from a backup.\n`,
    );
  });

  test('refuses keys and a database that do not belong together, and changes nothing', async () => {
    const other = await newFolder();
    const stranger = await server({ folder: other, port: await steadyPort(), issuerPort });
    await stranger.stop('SIGTERM');
    const { folder, file } = await used({ store: `sqlite:${join(other, 'sojourn.db')}` });
    const before = await snapshot(other);
    await expectRefused(
      folder,
      file,
      `The store and ${join(folder, 'keys/ring.json')} have different key rings. Both are unchanged.\n→ Set \`store\` and \`keys.path\` to the store and the folder of the same server. If the ring in the store is the right one, move the file away.\n`,
    );
    expect(await snapshot(other)).toEqual(before);
  }, 60_000);
});
