/** Opens the journal of a database that may be in use, to read it as it is at this moment. Changes nothing. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SojournError } from '../../errors/index.ts';
import type { RecordType, Stored } from '../contract.ts';
import type { JournalView } from '../journal/view.ts';
import { openingFailure, servingFailure } from './failure.ts';
import { lineOf } from './journal-reader.ts';
import { requireCurrent } from './open.ts';

export function viewSqlite(path: string): JournalView {
  const file = resolve(path);
  if (!existsSync(file))
    throw new SojournError('state_unusable', {
      detail: `The database ${file} does not exist.`,
      advice:
        'Give the configuration of the server, and run the command in the working directory of the server.',
    });
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 4_000 });
    requireCurrent(database, file);
    // All reads see the same state, while servers keep writing.
    database.exec('BEGIN');
    return viewOf(database);
  } catch (cause) {
    database?.close();
    throw openingFailure(file, cause);
  }
}

function viewOf(database: DatabaseSync): JournalView {
  const document = database.prepare('SELECT version, value FROM documents WHERE record_type = ? AND id = ?');
  const lines = database.prepare(
    'SELECT sequence, at, salt, value FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?',
  );
  const tile = database.prepare('SELECT hashes FROM journal_tiles WHERE level = ? AND number = ?');
  const state = database.prepare('SELECT indexed, size, root, checkpoint, marks FROM journal_state');
  const lists = database.prepare('SELECT name, block, list FROM journal_lists');
  const listsOfBlock = database.prepare('SELECT name, block, list FROM journal_lists WHERE block = ?');
  const hours = database.prepare('SELECT hour, first, last FROM journal_hours');
  return {
    async get<T>(recordType: RecordType, id: string) {
      const row = await read(() => document.get(recordType, id))();
      return row && ({ id, version: Number(row.version), value: JSON.parse(String(row.value)) } as Stored<T>);
    },
    log: {
      lines: read((after: number, limit: number) => lines.all(after, limit).map(lineOf)),
      tile: read((level: number, index: number) => tile.get(level, index)?.hashes as Uint8Array | undefined),
      sealed: read(() => {
        const { size, root, checkpoint, marks } = state.get() ?? {};
        return Number(size) > 0
          ? {
              size: Number(size),
              root: root as Uint8Array,
              checkpoint: String(checkpoint),
              marks: String(marks),
            }
          : undefined;
      }),
    },
    index: {
      indexed: read(() => Number(state.get()?.indexed)),
      async *lists(block) {
        const rows = block === undefined ? lists.iterate() : listsOfBlock.iterate(block);
        for (const row of rows)
          yield { name: String(row.name), block: Number(row.block), list: String(row.list) };
      },
      hours: read(
        () =>
          new Map(hours.all().map(({ hour, first, last }) => [Number(hour), [Number(first), Number(last)]])),
      ),
    },
    close: async () => database.close(),
  };
}

function read<Args extends unknown[], Result>(work: (...args: Args) => Result) {
  return async (...args: Args): Promise<Result> => {
    try {
      return work(...args);
    } catch (error) {
      throw servingFailure(error);
    }
  };
}
