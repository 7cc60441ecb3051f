/** What was done with the access, as its customer may know it: when and how often, never by whom. */
import type { Audit } from '../../platform/audit/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';

export interface Uses {
  /** Null where nothing was ever issued. */
  readonly last: { readonly at: string; readonly what: 'token' | 'credentials' } | null;
  /** In the last 30 days. */
  readonly count: number;
  /** There were more than were counted. */
  readonly more: boolean;
}

const days30 = 30 * 86_400_000;
/** A page is read by people: beyond this a number tells them nothing new, and counting costs. */
const mostCounted = 1_000;

export async function usesOf(audit: Audit, connection: string, now: number): Promise<Uses> {
  const since = toTimestamp(now - days30);
  const [tokens, credentials] = await Promise.all(
    (['token.issued', 'credentials.served'] as const).map(async (event) => {
      const { items } = await audit.search({ connection, event, limit: mostCounted });
      return items.map(({ occurred_at }) => occurred_at);
    }),
  );
  const all = [
    ...tokens!.map((at) => ({ at, what: 'token' as const })),
    ...credentials!.map((at) => ({ at, what: 'credentials' as const })),
  ].toSorted((one, other) => (one.at < other.at ? 1 : -1));
  const recent = all.filter(({ at }) => at >= since);
  return {
    last: all[0] ?? null,
    count: Math.min(recent.length, mostCounted),
    more: recent.length >= mostCounted,
  };
}
