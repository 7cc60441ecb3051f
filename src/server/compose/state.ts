/** The first step: opens what outlives the process: the store, the audit log and the key backend. */
import { type Audit, createAudit } from '../../platform/audit/index.ts';
import { sampleRefusals } from '../../platform/limits/index.ts';
import { openStore, type Store } from '../../platform/store/index.ts';
import { every } from '../../platform/time/index.ts';
import { type KeyBackend, requirePrivateFolder } from '../../tokens/keys/index.ts';
import { openKeyBackend } from '../key-rings/index.ts';
import type { Context } from './context.ts';

export interface State {
  readonly store: Store;
  readonly audit: Audit;
  readonly backend: KeyBackend;
}

const auditTickMs = 1_000;

/** Rejects with a `SojournError` that says what cannot be used. */
export async function openState({ config, logger, now, shutdown }: Context): Promise<State> {
  if (!config.allow.shared_key_folder) await requirePrivateFolder(config.keys.path);
  const store = await openStore(config.store, { logger, now, sharedDatabase: config.allow.shared_database });
  shutdown.add(() => store.close());
  const audit = createAudit({
    store,
    logger,
    now,
    onFailure: config.audit.on_failure,
    refusals: sampleRefusals(now),
  });
  shutdown.add(audit.close);
  shutdown.add(every(auditTickMs, audit.tick));
  const backend = await openKeyBackend(config, store, { logger, now });
  shutdown.add(() => backend.close?.());
  return { store, audit, backend };
}
