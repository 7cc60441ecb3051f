/** Checks that each mirror serves the same documents as this server, not outdated or altered ones. */
import type { Audit } from '../../platform/audit/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { documentUrls } from '../issuer/index.ts';
import { findDrift } from '../keys/index.ts';
import { allDocuments, type DocumentSource } from './document-source.ts';

export interface MirrorState {
  /** The base URL. */
  readonly mirror: string;
  /** How the mirror differs; undefined if it does not. */
  readonly reason: string | undefined;
  /** Milliseconds since the epoch; undefined before the first check. */
  readonly checkedAt: number | undefined;
}

export interface Mirrors {
  /** Runs the check if it is due; never rejects. The caller runs it every few seconds. */
  tick(): Promise<void>;
  /** Checks at the next tick, because a mirror was just updated. */
  checkSoon(): void;
  states(): readonly MirrorState[];
}

export function createMirrors(
  options: DocumentSource & {
    readonly mirrors: readonly string[];
    /** Milliseconds. */
    readonly every: number;
    readonly audit: Audit;
    readonly logger: Logger;
    readonly now: Now;
    /** Called if a scheduled check finds drift. A check right after a publish may only see a cached document. */
    readonly onDrift: (mirror: string) => void;
  },
): Mirrors {
  const { audit, logger, now, onDrift } = options;
  const states = new Map<string, MirrorState>(
    options.mirrors.map((mirror) => [mirror, { mirror, reason: undefined, checkedAt: undefined }]),
  );
  let dueAt = 0;
  let checkRequested = false;

  async function driftOf(mirror: string): Promise<string | undefined> {
    let jwks = '';
    for await (const { path, document } of allDocuments(options)) {
      // The JWKS of an issuer precedes its discovery document.
      if (path.endsWith('jwks')) jwks = document.body.toString();
      else {
        const base = `${mirror}/${path.slice(0, -'/.well-known/openid-configuration'.length)}`;
        const served = { discovery: document.body.toString(), jwks };
        const reason = await findDrift(documentUrls(base.replace(/\/$/, '')), served);
        if (reason !== undefined) return reason;
      }
    }
    return undefined;
  }

  async function recordState(mirror: string, reason: string | undefined): Promise<void> {
    const before = states.get(mirror);
    states.set(mirror, { mirror, reason, checkedAt: now() });
    if (reason === before?.reason) return;
    if (reason === undefined) {
      logger.info({ mirror }, 'the mirror serves the current documents again');
      return audit.record({
        event: 'mirror.recovered',
        outcome: 'ok',
        actor: 'system',
        facts: { mirror },
      });
    }
    logger.warn({ mirror, reason }, 'the mirror differs from what the server serves');
    return audit.record({
      event: 'mirror.drifted',
      outcome: 'failed',
      actor: 'system',
      reason,
      facts: { mirror },
    });
  }

  async function check(): Promise<void> {
    const scheduled = now() >= dueAt;
    if (!scheduled && !checkRequested) return;
    checkRequested = false;
    if (scheduled) dueAt = now() + options.every;
    for (const mirror of options.mirrors) {
      const reason = await driftOf(mirror);
      if (reason !== undefined && scheduled) onDrift(mirror);
      await recordState(mirror, reason);
    }
  }

  return {
    tick: () => check().catch((err: unknown) => logger.warn({ err }, 'cannot check the mirrors')),
    checkSoon() {
      checkRequested = true;
    },
    states: () => [...states.values()],
  };
}
