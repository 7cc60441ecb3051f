/** A sealed and indexed journal on any backend, its verification, and access to its tables. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Marks } from '../../../src/platform/audit/checkpoint.ts';
import { type CheckpointSigner, sealNext } from '../../../src/platform/audit/seal.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { type Store, viewJournal } from '../../../src/platform/store/index.ts';
import type { OpenLog } from '../../../src/tools/audit/index.ts';
import { type Verification, verifyStore } from '../../../src/tools/audit/index.ts';
import { testSigner } from '../../platform/audit/log-check.ts';
import { type LoggedBench, sharedBench, sqliteBench } from '../../platform/store/bench.ts';
import { noon } from '../../platform/store/journal.ts';
import { sharedTables, sqliteTables, type Tables } from './tables.ts';

export interface JournalBench {
  readonly store: Store;
  readonly url: string;
  readonly signer: CheckpointSigner;
  readonly tables: Tables;
  /** Seals all lines. */
  seal(): Promise<void>;
  /** Resolves when all lines are indexed. */
  indexed(): Promise<void>;
  openLog(): Promise<OpenLog>;
  verify(): Promise<Verification>;
  /** Closes the store, so that nothing runs in the background; the tables stay. */
  rest(): Promise<void>;
  end(): Promise<void>;
}

export const marks = async (): Promise<Marks> => ({ policy: 1 });

/** @param sharedUrl of a Redis or PostgreSQL to use; undefined for SQLite */
export async function journalBench(
  sharedUrl: string | undefined,
  signerOf: (store: Store) => Promise<CheckpointSigner> = async () => testSigner(),
): Promise<JournalBench> {
  const bench: LoggedBench & { readonly file?: string } =
    sharedUrl === undefined ? await sqliteBench() : await sharedBench(sharedUrl);
  const store = await bench.open();
  const signer = await signerOf(store);
  const tables = bench.file === undefined ? await sharedTables(bench.url) : sqliteTables(bench.file);
  const openLog = async (): Promise<OpenLog> => ({
    view: await viewJournal(bench.url, { logger: createLogger({ level: 'silent' }), now: () => noon }),
    readJournalKey: async () => signer.jwk as never,
    stateAt: noon,
  });
  return {
    store,
    url: bench.url,
    signer,
    tables,
    openLog,
    async seal() {
      const options = { log: store.log, signer, origin: 'idp.example.com/audit', marks, now: () => noon };
      while ((await sealNext(options)).more);
    },
    async indexed() {
      const { view } = await openLog();
      await view.close();
      for (;;) {
        const { view } = await openLog();
        const [indexed, newest] = [await view.index.indexed(), (await store.search({ limit: 1 })).items[0]];
        await view.close();
        if (indexed === (newest?.sequence ?? 0)) return;
        await sleep(200);
      }
    },
    async verify() {
      const log = await openLog();
      try {
        return await verifyStore({ log });
      } finally {
        await log.view.close();
      }
    },
    rest: () => store.close(),
    async end() {
      await tables.close();
      await bench.end();
    },
  };
}

const events = [
  'token.issued',
  'token.refused',
  'credentials.served',
  'connection.updated',
  'policy.updated',
];

/** A line as the server writes them. @param random from 0 to 1 */
export function randomLine(random: () => number, at: number) {
  const pick = (count: number) => Math.floor(random() * count);
  return {
    at: at + pick(3_600_000),
    value: {
      event: events[pick(events.length)],
      outcome: 'ok',
      actor: 'system',
      tenant: `ten_${pick(5)}`,
      connection: `con_${pick(9)}`,
      ...(random() < 0.5 && { client: `cli_${pick(4)}` }),
      ...(random() < 0.6 && { jti: `j${pick(1e9).toString(36)}` }),
    },
  };
}
