/** How a connection was used, as far as its customer may know: when and how often, but not by which client. */
import type { Audit } from '../../platform/audit/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';

export interface Usage {
  /** The latest use; null if nothing was ever issued. */
  readonly last: { readonly at: string; readonly issued: 'token' | 'credentials' } | null;
  /** Uses in the last 30 days. */
  readonly count: number;
  /** Whether `count` is a lower bound because counting stopped. */
  readonly more: boolean;
}

const periodMs = 30 * 86_400_000;
/** Counting reads audit lines; a higher number would cost more and say no more to a reader. */
const maxCounted = 1_000;

export async function usageOf(audit: Audit, connection: string, now: number): Promise<Usage> {
  const since = toTimestamp(now - periodMs);
  const [tokens, credentials] = await Promise.all(
    (['token.issued', 'credentials.served'] as const).map(async (event) => {
      const { items } = await audit.search({ connection, event, limit: maxCounted });
      return items.map(({ occurred_at }) => occurred_at);
    }),
  );
  const uses = [
    ...tokens!.map((at) => ({ at, issued: 'token' as const })),
    ...credentials!.map((at) => ({ at, issued: 'credentials' as const })),
  ].toSorted((a, b) => (a.at < b.at ? 1 : -1));
  const recent = uses.filter(({ at }) => at >= since);
  return {
    last: uses[0] ?? null,
    count: Math.min(recent.length, maxCounted),
    more: recent.length >= maxCounted,
  };
}
