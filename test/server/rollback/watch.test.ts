/** The comparison of a store with the high-water mark of a replica, on the embedded store. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAudit, sealNext } from '../../../src/platform/audit/index.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore, type Seal, type Store } from '../../../src/platform/store/index.ts';
import { acceptRollback, currentMarks, watchForRollback } from '../../../src/server/rollback/index.ts';
import { fileBackend, JournalKey, journalRing, mainRing } from '../../../src/tokens/keys/index.ts';
import { readRingFile, writeRingFile } from '../../../src/tokens/keys/ring-file.ts';

const origin = 'id.example.com/audit';

describe('a replica', () => {
  const now = Date.now;
  const backend = fileBackend(randomBytes(32));
  let root: string;
  let folder: string;
  let store: Store;
  let signer: JournalKey;
  let log: string;
  const write = (line: string) => {
    log += line;
  };
  const logger = createLogger({ level: 'debug', destination: { write } });

  const openAgain = async () => {
    await store?.close();
    store = await openStore(`sqlite:${join(root, 'sojourn.db')}`, { logger, now });
    signer = new JournalKey({
      ...{ store, backend, logger, now, folder, mayCreate: async () => true, record: async () => {} },
    });
  };
  const append = (to = store) => to.append({ at: now(), value: { event: 'token.issued' } });
  const seal = async () => {
    await signer.refresh();
    await append();
    await sealNext({ log: store.log, signer, origin, now, marks: () => currentMarks(store) });
  };
  const ring = async (revision: number) => ({ ...(await readRingFile(folder, journalRing))!, revision });
  const watch = (on = store) => watchForRollback({ store: on, backend, folder, logger, now });
  const change = (sql: string) => {
    const database = new DatabaseSync(join(root, 'sojourn.db'));
    database.exec(sql);
    database.close();
  };
  const accept = (on = store) =>
    acceptRollback(
      {
        ...{ store: on, signer, backend, folder, origin, now },
        audit: createAudit({ store: on, logger, now, onFailure: 'refuse' }),
      },
      'tested',
    );

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sojourn-rollback-'));
    folder = join(root, 'keys');
    log = '';
    store = undefined as unknown as Store;
    await openAgain();
    await seal();
    await (await watch()).check();
  });
  afterEach(async () => {
    await store.close();
    await rm(root, { recursive: true });
  });

  test('finds at its start that the store lost its audit lines but has their checkpoint', async () => {
    await store.close();
    change('DELETE FROM journal');
    await openAgain();
    await watch();
    expect(store.continuity.fault).toBe('its audit log lacks the line 1, which is sealed');
    await expect(append()).rejects.toMatchObject({ code: 'store_rolled_back' });
  });

  test('finds an empty store also if it has lost the local key of the audit log', async () => {
    await store.close();
    for (const end of ['', '-wal', '-shm']) await rm(join(root, `sojourn.db${end}`), { force: true });
    await rm(join(folder, `${journalRing}.json`));
    await openAgain();
    await watch();
    expect(store.continuity.fault).toBe('its audit log has another key than before, or none');
  });

  test('does not start while it cannot compare the store', async () => {
    const unavailable = new SojournError('store_unavailable');
    const sealed = () => Promise.reject(unavailable);
    await expect(watch({ ...store, log: { ...store.log, sealed } })).rejects.toBe(unavailable);
  });

  test('takes a ring that was not stored in the end for no loss', async () => {
    await store.insert('ring', mainRing, await ring(5));
    // A rotation writes the local file first. Its write to the store fails, and the file is restored.
    await writeRingFile(folder, mainRing, await ring(6));
    await seal();
    await writeRingFile(folder, mainRing, await ring(5));
    await (await watch()).check();
    expect(store.continuity.fault).toBeUndefined();
  });

  test('takes a ring that the store lost for no loss while the local file has it', async () => {
    await store.insert('ring', mainRing, await ring(5));
    await writeRingFile(folder, mainRing, await ring(5));
    await seal();
    const { check } = await watch();
    await check();
    await store.remove('ring', mainRing, 1);
    await check();
    await seal();
    await check();
    expect(store.continuity.fault).toBeUndefined();
  });

  test('notices a loss also if it cannot write its mark, and says so once', async () => {
    const { ino } = await stat(join(folder, 'audit.mark'));
    const { check } = await watch();
    await check();
    // A start that has nothing new to write needs no writable folder.
    expect((await stat(join(folder, 'audit.mark'))).ino).toBe(ino);
    await rm(join(folder, 'audit.mark'));
    await mkdir(join(folder, 'audit.mark'));
    for (let i = 0; i < 2; i++) {
      await seal();
      await check();
    }
    expect(store.continuity.fault).toBeUndefined();
    expect(log.match(/cannot write the high-water mark/g)).toHaveLength(1);
    change('DELETE FROM journal');
    await check();
    expect(store.continuity.fault).toMatch(/lacks/);
  });

  test('does not replace a mark that was authenticated with a newer key-encryption key', async () => {
    const next = fileBackend(randomBytes(32));
    const { check } = await watch();
    await watchForRollback({ store, backend: fileBackend(randomBytes(32)), folder, logger, now }).then(
      () => expect('accepted').toBe('rejected'),
      (error) => expect(error).toMatchObject({ code: 'key_material_unusable' }),
    );
    const both = { macs: (text: string) => [...next.macs!(text), ...backend.macs!(text)] };
    await watchForRollback({ store, backend: both, folder, logger, now });
    const renewed = await readFile(join(folder, 'audit.mark'), 'utf8');
    await seal();
    await check();
    expect(await readFile(join(folder, 'audit.mark'), 'utf8')).toBe(renewed);
    await watchForRollback({ store, backend: next, folder, logger, now });
    expect(store.continuity.fault).toBeUndefined();
  });

  test('continues after an acceptance elsewhere if it noticed the loss before its first checkpoint', async () => {
    const other = join(root, 'other');
    const { check } = await watchForRollback({ store, backend, folder: other, logger, now });
    await rm(join(other, 'audit.mark'), { force: true });
    await seal();
    change('DELETE FROM journal WHERE sequence > 1');
    await check();
    expect(store.continuity.fault).toMatch(/lacks/);
    await store.close();
    await openAgain();
    await signer.refresh();
    await accept();
    const later = await watchForRollback({ store, backend, folder: other, logger, now });
    await later.check();
    expect(store.continuity.fault).toBeUndefined();
  });

  test('keeps the epoch of an acceptance, also if another server seals its line first', async () => {
    change("INSERT INTO document_totals VALUES ('client', 1, 0)");
    const first = await store.log.sealed();
    let overtaken: Seal | undefined;
    const log = {
      ...store.log,
      async lines(after: number, limit: number) {
        if (limit > 1 && overtaken === undefined) {
          await sealNext({ log: store.log, signer, origin, now, marks: () => currentMarks(store) });
          overtaken = await store.log.sealed();
        }
        return store.log.lines(after, limit);
      },
    };
    await accept({ ...store, log });
    expect(overtaken).toMatchObject({
      size: first!.size + 1,
      checkpoint: expect.stringMatching(/^epoch 0$/m),
    });
    // Of a server that read the seal before the acceptance.
    expect(await store.log.seal(overtaken!.size, { ...first!, size: 9 }, [])).toBe(false);
    expect((await store.log.sealed())?.checkpoint).toMatch(/^epoch 1$/m);
  });

  test('notices the loss of a document also after the loss of all counters was accepted', async () => {
    for (const id of ['a', 'b']) await store.insert('client', id, {});
    await seal();
    await watch();
    change('DELETE FROM document_totals');
    await accept();
    const { check } = await watch();
    expect(store.continuity.fault).toBeUndefined();
    change("DELETE FROM documents WHERE id = 'a'");
    for (let i = 0; i < 60; i++) await check();
    expect(store.continuity.fault).toBe('it lacks 1 of 2 client documents');
  });

  test('accepts nothing, and writes nothing, if its audit log cannot be continued', async () => {
    change('DELETE FROM journal_tiles');
    await watch();
    expect(store.continuity.fault).toBe('its audit log has other lines than before among the first 1');
    await openAgain();
    await signer.refresh();
    await expect(accept()).rejects.toMatchObject({ code: 'journal_damaged' });
    expect(await store.log.lines(0, 9)).toHaveLength(1);
  });

  test('reports a damaged mark at its start, and changes nothing', async () => {
    await writeFile(join(folder, 'audit.mark'), '{}', { mode: 0o600 });
    await expect(watch()).rejects.toMatchObject({ code: 'key_material_unusable' });
    expect(await readFile(join(folder, 'audit.mark'), 'utf8')).toBe('{}');
  });
});
