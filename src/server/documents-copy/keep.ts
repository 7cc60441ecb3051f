/** Keeps the sealed copy current while the store is up. */
import type { Tenants } from '../../access/tenants/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { every, type Now, systemElapsed } from '../../platform/time/index.ts';
import { type FixedDocument, type Issuers, publishedDocuments } from '../../tokens/issuer/index.ts';
import type { KeyBackend, Keyrings } from '../../tokens/keys/index.ts';
import { writeCopy } from './copy-file.ts';

/** Changed keys are copied this soon. */
const lookMs = 1_000;
/** Tenants change without a notice, and the age of the copy counts. */
const renewMs = 5 * 60_000;
const pageSize = 500;

/** Writes a first copy soon. Returns a function that stops it. */
export function keepCopy(options: {
  readonly folder: string;
  readonly backend: Pick<KeyBackend, 'macs'>;
  readonly keyrings: Pick<Keyrings, 'onChange' | 'main'>;
  readonly issuers: Issuers;
  readonly tenants: Tenants;
  readonly logger: Logger;
  readonly now: Now;
}): () => Promise<void> {
  const { folder, backend, keyrings, issuers, tenants, logger, now } = options;
  const issuer = issuers.shared.url;
  const base = new URL(issuer).pathname.replace(/\/$/, '');
  let dueAt = 0;
  let failure: string | undefined;
  keyrings.onChange(() => {
    dueAt = 0;
  });

  async function renew(): Promise<void> {
    const documents = new Map<string, FixedDocument>();
    for (let after: string | undefined; ; ) {
      const page = await publishedDocuments(issuers, tenants, {
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      for (const { path, document } of page.items) documents.set(`${base}/${path}`, document);
      after = page.next;
      if (after === undefined) break;
    }
    await writeCopy(folder, backend, { issuer, documents, now });
  }

  return every(lookMs, async () => {
    // Documents that may be old must not look current.
    if (systemElapsed() < dueAt || keyrings.main.staleness().stale) return;
    dueAt = systemElapsed() + renewMs;
    try {
      await renew();
      failure = undefined;
    } catch (err) {
      dueAt = 0;
      const reason = err instanceof Error ? err.message : String(err);
      if (reason !== failure) logger.warn({ err }, 'cannot write the copy of the documents; trying again');
      failure = reason;
    }
  });
}
