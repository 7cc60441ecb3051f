/** What restricts access outside the audit log. None of these numbers ever decreases. */
import type { Marks } from '../../platform/audit/index.ts';
import { countedTypes, type Store } from '../../platform/store/index.ts';
import { mainRing, readRingFile } from '../../tokens/keys/index.ts';

/**
 * Of the store alone: a rotation writes the local ring file before the store, which may not take the change. So a ring that the
 * store lost shows in a checkpoint until it is restored from a local file.
 */
export async function currentMarks(store: Store): Promise<Marks> {
  const [totals, policies, ring] = await Promise.all([
    store.totals(),
    store.versions('policy'),
    store.get<{ revision: number }>('ring', mainRing),
  ]);
  const marks: Record<string, number> = {
    policy_version: policies.get('policy') ?? 0,
    ring_revision: ring?.value.revision ?? 0,
  };
  for (const type of countedTypes) {
    marks[`${type}_inserted`] = totals[type].inserted;
    marks[`${type}_removed`] = totals[type].removed;
  }
  return marks;
}

/** With the ring of this replica, if it is newer: it is restored from there. */
export async function restorableMarks(store: Store, folder: string): Promise<Marks> {
  const marks = await currentMarks(store);
  const local = await readRingFile(folder);
  return { ...marks, ring_revision: Math.max(Number(marks.ring_revision), local?.revision ?? 0) };
}

/** The mark that has decreased, in words; undefined if there is none. */
export function decreased(before: Marks, now: Marks, except?: 'ring_revision'): string | undefined {
  for (const [name, value] of Object.entries(before)) {
    // A clock may be set back.
    if (name === 'sealed_at' || name === except) continue;
    const current = now[name] ?? 0;
    if (Number(current) < Number(value))
      return `its ${name.replace('_', ' ')} is ${current}, and was ${value}`;
  }
  return undefined;
}

/** Documents that the store has lost without removing them, in words; undefined if there are none. */
export async function missingDocuments(
  store: Store,
  types: readonly (typeof countedTypes)[number][],
): Promise<string | undefined> {
  for (const type of types) {
    // In this order: a document that is inserted in between is no missing one.
    const { inserted, removed } = (await store.totals())[type];
    const count = await store.countDocuments(type);
    const { removed: removedSince } = (await store.totals())[type];
    const missing = inserted - removed - (removedSince - removed) - count;
    if (missing > 0) return `it lacks ${missing} of ${inserted - removed} ${type} documents`;
  }
  return undefined;
}
