/** The first step: opens what outlives the process: the store, the audit log and the key backend. */
import { join } from 'node:path';
import {
  type Audit,
  type AuditProofs,
  auditOrigin,
  createAudit,
  createProofs,
  createSealer,
  createSpooling,
  type Sealer,
  type Spooling,
} from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { sampleRefusals } from '../../platform/limits/index.ts';
import { openStore, rememberReads, type Store, storeNameOf } from '../../platform/store/index.ts';
import { every, systemElapsed } from '../../platform/time/index.ts';
import {
  JournalKey,
  journalRing,
  type KeyBackend,
  mainRing,
  requirePrivateFolder,
  requireUsableRing,
} from '../../tokens/keys/index.ts';
import { type ClockWatch, openClock } from '../clock/index.ts';
import { requireIssuer, requireState } from '../init/index.ts';
import { openKeyBackend, recordKeys } from '../key-rings/index.ts';
import { currentMarks, type RollbackWatch, watchForRollback } from '../rollback/index.ts';
import type { Context } from './context.ts';

export interface State {
  readonly store: Store;
  /** Reads of it that outlast an outage; undefined with `audit.on_failure: refuse`. */
  readonly reads: Store | undefined;
  readonly audit: Audit;
  /** With `audit.on_failure: spool`. */
  readonly spooling: Spooling | undefined;
  readonly backend: KeyBackend;
  readonly clock: ClockWatch;
  readonly rollback: RollbackWatch;
  readonly journalKey: JournalKey;
  readonly sealer: Sealer;
  readonly proofs: AuditProofs;
}

const auditTickMs = 1_000;
const rollbackCheckMs = 1_000;
const clockCheckMs = 1_000;
/** The journal key changes only if the store loses it, or if it is rewrapped. */
const journalKeyPollMs = 60_000;

/** Rejects with a `SojournError` that says what cannot be used. */
export async function openState(context: Context): Promise<State> {
  const { config, logger, now, shutdown } = context;
  if (!config.allow.shared_key_folder) await requirePrivateFolder(config.keys.path);
  const hasRings = await requireState(config);
  const { on_failure, spool } = config.audit;
  const opened = await openStore(config.store, { logger, now, sharedDatabase: config.allow.shared_database });
  shutdown.add(() => opened.close());
  const { store, reads = undefined } =
    on_failure === 'refuse' ? { store: opened } : rememberReads(opened, systemElapsed);
  const recordIssuer = await requireIssuer(store, config, { hasRings, now });
  // Before the key rings are opened: with a wrong clock no key changes.
  const clock = openClock({
    ...context,
    trust: context.clockTrust,
    isVouchedFor: context.isClockVouchedFor,
    store,
  });
  await clock.check();
  shutdown.add(every(clockCheckMs, clock.check));
  const backend = await openKeyBackend(config, { logger, now });
  shutdown.add(() => backend.close?.());
  // Before the mark is read, which the key-encryption key authenticates too.
  await requireUsableRing(store, mainRing, {
    folder: config.keys.path,
    backend,
    storeName: storeNameOf(config.store),
  });
  // Before the first write: a store that has lost writes must stay as it is.
  const rollback = await watchForRollback({ store, backend, folder: config.keys.path, logger, now });
  const stopChecks = every(rollbackCheckMs, rollback.check);
  shutdown.add(async () => {
    await stopChecks();
    // After the last seal, so that the mark covers what changed just before the stop. A start that is refused changes no file.
    if (sealer.verifierKey()) await rollback.check();
  });
  await recordIssuer();
  const journalKey = new JournalKey({
    ...{ store, backend, logger, now, folder: config.keys.path },
    mayCreate: async () => (await store.log.sealed()) === undefined,
    record: (change) => recordKeys(audit)(journalRing, change),
  });
  const sealer = createSealer({
    ...{ log: store.log, signer: journalKey, logger, now },
    origin: auditOrigin(config.issuer),
    marks: () => currentMarks(store),
  });
  shutdown.add(sealer.close);
  const folder = spool ?? join(config.keys.path, 'audit-spool');
  const spooling = on_failure === 'spool' ? await createSpooling({ store, folder, logger }) : undefined;
  if (spooling) shutdown.add(spooling.close);
  const audit = createAudit({
    store: spooling ? { ...store, append: spooling.append } : store,
    logger,
    now,
    onFailure: on_failure === 'continue' ? 'continue' : 'refuse',
    refusals: sampleRefusals(now),
  });
  shutdown.add(audit.close);
  shutdown.add(
    every(auditTickMs, async () => {
      await audit.tick();
      await spooling?.drain();
    }),
  );
  return {
    store,
    reads,
    clock,
    audit,
    spooling,
    backend,
    rollback,
    journalKey,
    sealer,
    proofs: createProofs(store.log),
  };
}

/**
 * Called once the key rings are open, which checks the key-encryption key before the first server creates the journal key. If
 * the key service cannot create it now, the first seal does.
 */
export async function startSealing(
  { logger, shutdown }: Pick<Context, 'logger' | 'shutdown'>,
  { journalKey, sealer }: Pick<State, 'journalKey' | 'sealer'>,
): Promise<void> {
  const warn = (err: unknown) =>
    logger.warn({ err }, 'cannot refresh the key of the audit log; trying again');
  await journalKey.refresh().catch((error: unknown) => {
    if (!(error instanceof SojournError) || error.status !== 503) throw error;
    warn(error);
  });
  await sealer.start();
  shutdown.add(every(journalKeyPollMs, () => journalKey.refresh().catch(warn)));
}
