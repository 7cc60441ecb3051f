/** The journal in PostgreSQL as someone with access to the database sees it. */
import pg from 'pg';
import type { Tables } from './tables.ts';

const tables = ['journal', 'journal_lists', 'journal_hours', 'journal_tiles', 'journal_state'];

export async function postgresTables(url: string): Promise<Tables> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=sojourn' });
  await client.connect();
  const get = async (sql: string, ...values: unknown[]) => (await client.query(sql, values)).rows[0] ?? {};
  const run = async (sql: string, ...values: unknown[]) => void (await client.query(sql, values));
  return {
    async line(sequence) {
      const { at, salt, value } = await get(
        'SELECT at, salt, value FROM journal WHERE sequence = $1',
        sequence,
      );
      return { at: Number(at), salt, text: value };
    },
    setLine: (sequence, { at, salt, text }) =>
      run(
        `INSERT INTO journal (sequence, at, salt, value) VALUES ($1, $2, $3, $4)
         ON CONFLICT (sequence) DO UPDATE SET at = $2, salt = $3, value = $4`,
        ...[sequence, at, salt, text],
      ),
    deleteLine: (sequence) => run('DELETE FROM journal WHERE sequence = $1', sequence),
    // Appends continue after the newest line.
    setNewest: async () => undefined,
    tile: async (level, index) =>
      (await get('SELECT hashes FROM journal_tiles WHERE level = $1 AND number = $2', level, index)).hashes,
    setTile: (level, index, hashes) =>
      hashes
        ? run(
            'INSERT INTO journal_tiles VALUES ($1, $2, $3) ON CONFLICT (level, number) DO UPDATE SET hashes = $3',
            ...[level, index, hashes],
          )
        : run('DELETE FROM journal_tiles WHERE level = $1 AND number = $2', level, index),
    async lists() {
      const { rows } = await client.query('SELECT name, block, list FROM journal_lists');
      return rows.map(({ name, block, list }) => ({ name, block: Number(block), list }));
    },
    setList: (name, block, list) =>
      list === undefined
        ? run('DELETE FROM journal_lists WHERE name = $1 AND block = $2', name, block)
        : run(
            'INSERT INTO journal_lists VALUES ($1, $2, $3) ON CONFLICT (name, block) DO UPDATE SET list = $3',
            ...[name, block, list],
          ),
    setHour: (hour, first, last) =>
      run(
        'INSERT INTO journal_hours VALUES ($1, $2, $3) ON CONFLICT (hour) DO UPDATE SET first = $2, last = $3',
        ...[hour, first, last],
      ),
    async seal() {
      const { size, ...rest } = await get('SELECT size, root, checkpoint, marks FROM journal_state');
      return { size: Number(size), ...rest };
    },
    setSeal: ({ size, root, checkpoint, marks }) =>
      run(
        'UPDATE journal_state SET size = $1, root = $2, checkpoint = $3, marks = $4',
        ...[size, root, checkpoint, marks],
      ),
    async save() {
      for (const table of tables) await run(`CREATE TABLE saved_${table} AS TABLE ${table}`);
      return async () => {
        for (const table of tables) await run(`TRUNCATE ${table}`);
        for (const table of tables) await run(`INSERT INTO ${table} TABLE saved_${table}`);
      };
    },
    close: () => client.end(),
  };
}
