/** Audit lines that unauthenticated callers can cause: the audit log is never pruned, so they must not fill the store. */
import type { LimitUnknown } from '../audit/index.ts';
import type { Now } from '../time/index.ts';
import { createLineLimit } from './lines.ts';

/** One line a second is 86,400 a day; ten minutes without refusals restore the burst. */
const rate = { size: 600, perSecond: 1 };

/** The admin listener has a limit of its own: a flood at the public one does not hide guesses at the admin token. */
export function limitRefusals(now: Now): LimitUnknown {
  const countLine = createLineLimit(rate, now);
  return (entry) => {
    const added = countLine(entry.event === 'admin.refused' ? 'admin' : 'public');
    if (!added) return undefined;
    return added.left_out === undefined ? entry : { ...entry, facts: { ...entry.facts, ...added } };
  };
}
