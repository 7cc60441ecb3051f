/**
 * Refusals of unauthenticated callers. In each minute, the first few are audit lines; the others are counted by event, reason
 * and network, and written as one line each after the minute. Lines and counts together are exact and bounded.
 */
import type { AuditEntry, RefusalSampling } from '../audit/index.ts';
import { type Now, toTimestamp } from '../time/index.ts';
import { subnetOf } from './buckets.ts';

const minuteMs = 60_000;
/** Lines in a minute: of one event, reason and network, and of all. 100 lines of 500 bytes are 50 KB. */
const samplesPerGroup = 10;
const samplesPerMinute = 100;
/** The largest groups are separate lines after the minute; the others are one line per event. */
const groupLines = 20;
/** Groups in memory, about 1 MB. With more, the smaller half is counted per event only. */
const maxGroups = 2_000;

/** A group of refusals, and how many there were between two times. */
interface Group extends Pick<AuditEntry, 'event' | 'outcome'> {
  readonly reason: string | undefined;
  readonly network: string | undefined;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** The admin listener has separate groups: a flood at the public one does not hide guesses at the admin token. */
export function sampleRefusals(now: Now): RefusalSampling {
  const listeners = { public: createCounts(now), admin: createCounts(now) };
  const countsOf = ({ event }: AuditEntry) => listeners[event === 'admin.refused' ? 'admin' : 'public'];
  return {
    isSample: (entry) => countsOf(entry).isSample(entry),
    count: (entry) => countsOf(entry).add(groupOf(entry, now())),
    async writeCounts(write, all) {
      for (const counts of Object.values(listeners)) await counts.write(write, all);
    },
  };
}

function createCounts(now: Now) {
  const samples = { minute: 0, all: 0, byGroup: new Map<string, number>() };
  /** `others` has the smaller groups, by event and outcome. `minute` is that of the oldest group. */
  let counted = { minute: 0, groups: new Map<string, Group>(), others: new Map<string, Group>() };

  function add(group: Group): void {
    const { groups, others } = counted;
    if (groups.size + others.size === 0) counted.minute = minuteOf(now());
    merge(group.network === undefined ? others : groups, group);
    if (groups.size > maxGroups) counted = keepLargest(maxGroups / 2, counted);
  }

  return {
    add,

    isSample(entry: AuditEntry): boolean {
      if (samples.minute !== minuteOf(now())) {
        samples.minute = minuteOf(now());
        samples.all = 0;
        samples.byGroup.clear();
      }
      const key = keyOf(groupOf(entry, now()));
      const ofGroup = samples.byGroup.get(key) ?? 0;
      if (ofGroup >= samplesPerGroup || samples.all >= samplesPerMinute) return false;
      samples.byGroup.set(key, ofGroup + 1);
      samples.all += 1;
      return true;
    },

    async write(write: (entry: AuditEntry) => Promise<void>, all: boolean): Promise<void> {
      if (!all && counted.minute === minuteOf(now())) return;
      const { groups, others } = keepLargest(groupLines, counted);
      const due = [...groups.values(), ...others.values()];
      counted = { minute: 0, groups: new Map(), others: new Map() };
      for (const [index, group] of due.entries())
        try {
          await write(lineOf(group));
        } catch (error) {
          // The next attempt is after this minute, together with what is counted until then.
          due.slice(index).forEach(add);
          throw error;
        }
    },
  };
}

function merge(into: Map<string, Group>, group: Group): void {
  const key = keyOf(group);
  const { count, from, to } = into.get(key) ?? { ...group, count: 0 };
  into.set(key, {
    ...group,
    count: count + group.count,
    from: Math.min(from, group.from),
    to: Math.max(to, group.to),
  });
}

function keepLargest<T extends { groups: Map<string, Group>; others: Map<string, Group> }>(
  number: number,
  counted: T,
): T {
  const sorted = [...counted.groups].sort(([, a], [, b]) => b.count - a.count);
  const others = new Map(counted.others);
  for (const [, group] of sorted.slice(number))
    merge(others, { ...group, reason: other, network: undefined });
  return { ...counted, groups: new Map(sorted.slice(0, number)), others };
}

const other = 'other reasons and networks';
const minuteOf = (time: number): number => Math.floor(time / minuteMs);

const groupOf = ({ event, outcome, reason, source_ip = '' }: AuditEntry, at: number): Group => ({
  event,
  outcome,
  reason,
  network: subnetOf(source_ip),
  count: 1,
  from: at,
  to: at,
});

const keyOf = ({ event, outcome, reason, network }: Group): string =>
  JSON.stringify([event, outcome, network, reason]);

const lineOf = ({ event, outcome, reason, network, count, from, to }: Group): AuditEntry => ({
  event,
  outcome,
  actor: 'unknown',
  ...(reason === undefined ? {} : { reason }),
  facts: {
    count,
    ...(network === undefined ? {} : { network }),
    from: toTimestamp(from),
    to: toTimestamp(to),
  },
});
