/** Spools on real stores, whose files and logs a test can read; everything ends with the test. */
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach } from '@jest/globals';
import { createSpooling, type Spooling } from '../../../src/platform/audit/index.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore, type Store } from '../../../src/platform/store/index.ts';

export const noon = 1_795_435_200_000;

let folder: string;
let log: string;
let ends: (() => unknown)[];
export const inFolder = (name: string) => join(folder, name);
export const logged = () => log;
export const later = (end: () => unknown) => void ends.push(end);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-spool-'));
  log = '';
  ends = [() => rm(folder, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

export const logger = createLogger({
  destination: {
    write: (line: string) => {
      log += line;
    },
  },
});
export const spoolFolder = () => join(folder, 'spool');
export const files = async (ending = '.spool') =>
  (await readdir(spoolFolder()))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(spoolFolder(), name));
export const entry = (number: number) => ({
  event: 'token.issued',
  outcome: 'ok',
  actor: 'cli_1',
  jti: `jti_${number}`,
});
export const record = (spooling: Spooling, ...numbers: number[]) =>
  Promise.all(numbers.map((number) => spooling.append({ at: noon + number, value: entry(number) })));

export async function sqlite(url = `sqlite:${join(folder, 'sojourn.db')}`): Promise<Store> {
  const store = await openStore(url, { logger, now: () => noon });
  ends.push(() => store.close());
  return store;
}

/** Another process' lock: the store refuses writes after 1.5 s. */
export function lock(): () => void {
  const other = new DatabaseSync(join(folder, 'sojourn.db'));
  other.exec('BEGIN IMMEDIATE');
  return () => {
    if (!other.isOpen) return;
    other.exec('ROLLBACK');
    other.close();
  };
}

export async function spoolingOn(store: Store, maxBytes?: number): Promise<Spooling> {
  const spooling = await createSpooling({
    store,
    folder: spoolFolder(),
    logger,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  ends.push(() => spooling.close());
  return spooling;
}

/** All lines of the journal: time, jti, and whether the line waited in the spool. */
export async function journal(store: Store) {
  const lines = await store.log.lines(0, 5_000);
  return lines.map(({ at, text = '' }) => {
    const { jti, spooled } = JSON.parse(text) as { jti: string; spooled?: string };
    return [at - noon, Number(jti.slice(4)), spooled !== undefined];
  });
}
export const direct = (...numbers: number[]) => numbers.map((number) => [number, number, false]);
export const late = (...numbers: number[]) => numbers.map((number) => [number, number, true]);
export const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);
/** As if the process that wrote the files had ended long ago. */
export const abandon = async () => {
  for (const file of await files()) await utimes(file, 0, 0);
};
export const unavailable = () => new SojournError('store_unavailable', { retryAfter: 5 });
