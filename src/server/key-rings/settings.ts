/** The options of all key rings of a server. */
import type { Audit } from '../../platform/audit/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import {
  type ClockTrust,
  journalRing,
  type KeyringsOptions,
  ownerOf,
  type RingChange,
} from '../../tokens/keys/index.ts';
import type { Config } from '../config/index.ts';

/** Records what happened to keys of a ring. */
export const recordKeys =
  (audit: Pick<Audit, 'record'>) =>
  (ring: string, { event, kid, alg, publishLeadSkipped }: RingChange): Promise<void> =>
    audit.record({
      event,
      outcome: 'ok',
      actor: 'system',
      kid,
      ...ownerOf(ring),
      facts: {
        alg,
        ...(ring === journalRing && { ring }),
        ...(publishLeadSkipped && { publish_lead_skipped: true }),
      },
    });

/** The options that all rings share. */
export function ringSettings(
  { keys, tokens }: Config,
  audit: Audit,
  { logger, ...clock }: { logger: Logger; now: Now; steadyNow: Now; trust?: ClockTrust },
) {
  return {
    folder: keys.path,
    algorithms: keys.algorithms,
    timing: {
      rotateEvery: keys.rotate_every * 1000,
      publishLead: keys.publish_lead * 1000,
      retain: keys.retain * 1000,
      // The longest lifetime that a connection may request, even if the default is shorter.
      longestTokenLife: Math.max(tokens.ttl, 3600) * 1000,
      staleAfter: keys.stale_after * 1000,
    },
    ...clock,
    logger,
    record: recordKeys(audit),
    onPostponed: (ring, { kid, alg, obstacles }) => {
      logger.warn({ kid, alg, obstacles }, 'postponing a rotation: verifiers would not find the next key');
      const reason = obstacles.join('; ');
      audit
        .record({
          event: 'key.postponed',
          outcome: 'refused',
          actor: 'system',
          kid,
          ...ownerOf(ring),
          reason,
          facts: { alg },
        })
        .catch((err: unknown) => logger.error({ err }, 'cannot record a postponed rotation in the audit'));
    },
  } satisfies Partial<KeyringsOptions>;
}
