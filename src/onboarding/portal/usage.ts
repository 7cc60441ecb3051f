/** How a connection was used, as far as its customer may know: when and how often, but not by which client. */
import type { Audit } from '../../platform/audit/index.ts';

export interface Usage {
  /** The latest use; null if nothing was ever issued. */
  readonly last: { readonly at: string; readonly issued: 'token' | 'credentials' } | null;
  /** Uses in the last 30 days. */
  readonly count: number;
  /** Whether `count` is a lower bound because counting stopped. */
  readonly more: boolean;
}

const periodMs = 30 * 86_400_000;
/** A higher number would say no more to a reader. */
const maxCounted = 1_000;

export async function usageOf(audit: Audit, connection: string, now: number): Promise<Usage> {
  const [{ items }, count] = await Promise.all([
    audit.search({ use: connection, limit: 1 }),
    audit.countUses({ connection, from: now - periodMs, max: maxCounted }),
  ]);
  const [last] = items;
  return {
    last: last
      ? { at: last.occurred_at, issued: last.event === 'token.issued' ? 'token' : 'credentials' }
      : null,
    count,
    more: count >= maxCounted,
  };
}
