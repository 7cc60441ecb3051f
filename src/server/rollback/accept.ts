/**
 * Accepts the state of a store that lost acknowledged writes. The next checkpoint says so with a higher epoch, and its signature
 * is the proof for every replica: an attacker who can only write to the store cannot accept anything.
 */
import {
  type Audit,
  assertSealable,
  type CheckpointSigner,
  readSeal,
  sealNext,
} from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import {
  allItems,
  type CountedType,
  countedTypes,
  type Seal,
  type Store,
} from '../../platform/store/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';
import type { KeyBackend } from '../../tokens/keys/index.ts';
import { compareWithMark } from './compare.ts';
import { markOf, readMark, writeMark } from './mark-file.ts';
import { currentMarks, missingDocuments } from './marks.ts';

export interface Acceptance {
  /** What the store lost. */
  readonly lost: string;
  /** Writes since this time may be lost; null if the store has no line at all. RFC 3339. */
  readonly since: string | null;
  /** When this replica last saw the lost state. */
  readonly until: string | null;
  /** What is in the store now, and may have been deleted, disabled or revoked in that time. */
  readonly may_have_come_back: Readonly<Partial<Record<CountedType, readonly string[]>>>;
}

/** A longer list would say no more. */
const maxListed = 1_000;
/** Other servers seal three times per second. */
const maxTries = 10;

export interface AcceptOptions {
  readonly store: Store;
  readonly audit: Pick<Audit, 'record'>;
  readonly signer: CheckpointSigner;
  readonly backend: Pick<KeyBackend, 'macs'>;
  /** The folder of the local ring files. */
  readonly folder: string;
  /** The name of the log. */
  readonly origin: string;
  readonly now: () => number;
}

/**
 * Records and seals the acceptance. Running servers continue within seconds.
 * @throws {SojournError} `store_not_rolled_back` if the store has all that this replica has seen
 */
export async function acceptRollback(options: AcceptOptions, reason: string): Promise<Acceptance> {
  const { store, audit, backend, folder, now } = options;
  const mark = await readMark(folder, backend);
  const { fault, epoch, seenEpoch = 0 } = await compareWithMark(options, mark);
  const lost = fault ?? (await missingDocuments(store, countedTypes));
  if (lost === undefined) throw new SojournError('store_not_rolled_back');
  await assertSealable({ log: store.log, signer: options.signer });
  const [newest] = (await store.search({ limit: 1 })).items;
  const acceptance = {
    lost,
    since: newest ? toTimestamp(newest.at) : null,
    until: mark?.seen_at ?? null,
    may_have_come_back: await listed(store),
  };
  await store.acceptMissing();
  const next = Math.max(epoch, seenEpoch) + 1;
  const seal = await sealAcceptance(options, next, () =>
    audit.record({
      event: 'store.rollback_accepted',
      outcome: 'ok',
      actor: 'admin',
      reason,
      facts: { lost, since: acceptance.since, until: acceptance.until, epoch: next },
    }),
  );
  await writeMark(folder, backend, markOf(seal, now()));
  return acceptance;
}

/** A server may seal the line first, without the epoch. A seal always has new lines, so the line is then written again. */
async function sealAcceptance(
  { store, signer, origin, now }: AcceptOptions,
  epoch: number,
  record: () => Promise<void>,
): Promise<Seal> {
  const marks = () => currentMarks(store);
  for (let tries = 0; tries < maxTries; tries++) {
    await record();
    while ((await sealNext({ log: store.log, signer, origin, marks, now, epoch })).more);
    const seal = await store.log.sealed();
    if (seal && readSeal(seal, signer).epoch >= epoch) return seal;
  }
  throw new SojournError('journal_damaged', {
    detail: 'The audit log has lost sealed lines and cannot continue.',
  });
}

async function listed(store: Store): Promise<Acceptance['may_have_come_back']> {
  const lists: Partial<Record<CountedType, string[]>> = {};
  for (const type of countedTypes) {
    const ids: string[] = [];
    for await (const { id } of allItems((query) => store.list(type, query))) {
      if (ids.push(id) === maxListed) break;
    }
    if (ids.length > 0) lists[type] = ids;
  }
  return lists;
}
