/** Opens the journal in PostgreSQL, to read it as it is at this moment. Servers may keep writing. */
import { Client } from 'pg';
import type { Logger } from '../../log/index.ts';
import type { RecordType, Stored } from '../contract.ts';
import type { JournalView } from '../journal/view.ts';
import { storeNameOf } from '../location.ts';
import { addressOf } from './address.ts';
import { clientConfig, requirePrimary } from './connection.ts';
import { prepared, type Row, type Statement } from './database.ts';
import { attempt, reasonOf } from './failure.ts';
import { openingFailure } from './index.ts';
import { requireCurrent } from './inspect.ts';
import { fromKey, toKey } from './keys.ts';
import { linesIn } from './lines.ts';
import { treeIn } from './tree.ts';

/** A tool reads much at once, and has time. In milliseconds. */
const statementMs = 30_000;
/** Rows per read of the index. */
const pageSize = 1_000;
/** A reader of the tool's output can be slow. The server keeps old versions of rows until the view is closed. */
const idleMs = 3_600_000;

const document = prepared('SELECT version, value FROM sojourn.documents WHERE record_type = $1 AND id = $2');
const indexed = prepared('SELECT indexed FROM sojourn.journal_state');
const hours = prepared('SELECT hour, first, last FROM sojourn.journal_hours');
const listsOfBlock = prepared('SELECT name, block, list FROM sojourn.journal_lists WHERE block = $1');
const lists = `DECLARE lists NO SCROLL CURSOR FOR SELECT name, block, list FROM sojourn.journal_lists`;

export async function viewPostgres(
  url: string,
  { logger }: { readonly logger: Logger },
): Promise<JournalView> {
  const store = storeNameOf(url);
  const client = new Client(clientConfig(addressOf(url), { statementMs, idleMs }));
  client.on('error', (error) =>
    logger.debug({ store, reason: reasonOf(error) }, 'lost the connection to the store'),
  );
  try {
    await client.connect();
    await requirePrimary(client);
    // All reads see the same state, while servers keep writing.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await requireCurrent(client, store);
  } catch (error) {
    await client.end();
    throw openingFailure(store, error);
  }
  return viewOf(client);
}

function viewOf(client: Client): JournalView {
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other, as the connection requires. */
  const query = async (
    statement: Statement | string,
    ...values: readonly unknown[]
  ): Promise<readonly Row[]> => {
    const text = typeof statement === 'string' ? { text: statement } : statement;
    const result = last.then(() => client.query<Row>({ ...text, values: [...values] }));
    last = result.catch(() => undefined);
    return (await result).rows;
  };
  const { tile, sealed } = treeIn({ query }, attempt);
  const lines = linesIn({ query });
  return {
    get: <T>(recordType: RecordType, id: string) =>
      attempt(async () => {
        const [row] = await query(document, recordType, toKey(id));
        return (
          row && ({ id, version: Number(row.version), value: JSON.parse(String(row.value)) } as Stored<T>)
        );
      }),
    log: { lines: (after, limit) => attempt(() => lines(after, limit)), tile, sealed },
    index: {
      indexed: () => attempt(async () => Number((await query(indexed))[0]?.indexed)),
      async *lists(block) {
        if (block !== undefined) return yield* (await attempt(() => query(listsOfBlock, block))).map(listOf);
        await attempt(() => query(lists));
        for (;;) {
          const rows = await attempt(() => query(`FETCH ${pageSize} FROM lists`));
          yield* rows.map(listOf);
          if (rows.length < pageSize) break;
        }
        await attempt(() => query('CLOSE lists'));
      },
      hours: () =>
        attempt(async () => {
          const rows = await query(hours);
          return new Map(rows.map(({ hour, first, last }) => [Number(hour), [Number(first), Number(last)]]));
        }),
    },
    close: () => client.end(),
  };
}

const listOf = ({ name, block, list }: Row) => ({
  name: fromKey(String(name)),
  block: Number(block),
  list: String(list),
});
