/** Accepts, for all replicas, that the store has lost acknowledged writes. */
import { auditOrigin, createAudit } from '../../platform/audit/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
import { openKeyBackend, recordKeys } from '../../server/key-rings/index.ts';
import { type Acceptance, acceptRollback } from '../../server/rollback/index.ts';
import { JournalKey, journalRing } from '../../tokens/keys/index.ts';
import { silentLogger, withStore } from './state.ts';

/** @throws {SojournError} `store_not_rolled_back` if the store has all that this replica has seen */
export function acceptStoreRollback(config: Config, reason: string): Promise<Acceptance> {
  return withStore(config, async (store) => {
    const common = { store, folder: config.keys.path, logger: silentLogger, now: systemNow };
    const backend = await openKeyBackend(config, common);
    try {
      const audit = createAudit({ ...common, onFailure: 'refuse' });
      const signer = new JournalKey({
        ...common,
        backend,
        mayCreate: async () => (await store.log.sealed()) === undefined,
        record: (change) => recordKeys(audit)(journalRing, change),
      });
      await signer.refresh();
      return await acceptRollback(
        { ...common, audit, signer, backend, origin: auditOrigin(config.issuer) },
        reason,
      );
    } finally {
      await backend.close?.();
    }
  });
}
