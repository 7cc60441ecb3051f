/** What the rules of a preset do not read in a pasted document: it could admit others, or keep the connection out. */
import { describeValue, type Finding } from '../lint.ts';
import { isWithin, type Leaf, leavesOf, locate, pathOf, placeOf } from './path.ts';
import type { Preset } from './preset.ts';

type Described = NonNullable<Preset['lint']>;

/** A document, and the place of the fields in it. */
export interface Fields {
  readonly document: unknown;
  readonly place: readonly string[];
}

/** @param read the places that rules read, from the fields */
export function unreadFindings(
  { forbidden, irrelevant, irrelevant_outside: outside, advice, others }: Described,
  { document, place }: Fields,
  read: readonly (readonly string[])[],
): Finding[] {
  const list = others ? listOf(place) : undefined;
  const unread = leavesOf(document)
    .filter(({ value }) => !isEmpty(value))
    .filter(({ steps }) => !list || !isWithin(list, steps) || isWithin(place, steps))
    .filter(({ steps }) => isWithin(place, steps) || !outside.some((path) => isWithin(stepsTo(path), steps)))
    .filter((leaf) => !isRead(leaf));
  const fieldOf = ({ steps }: Leaf) =>
    forbidden.find(({ field }) => isWithin([...place, ...stepsTo(field)], steps));
  const notUnderstood = unread
    .filter((leaf) => fieldOf(leaf) === undefined)
    .map(({ steps }) => pathOf(steps));
  return [
    ...forbidden
      .filter((entry) => unread.some((leaf) => fieldOf(leaf) === entry && !isOff(leaf, entry.field)))
      .map(({ field, means, detail }) => ({
        rule: `${field.replaceAll('.', '_')}_forbidden`,
        severity: means,
        path: pathOf([...place, field]),
        detail,
        advice: advice ?? `Remove ${field}, unless the customer needs it.`,
      })),
    ...(notUnderstood.length === 0
      ? []
      : [
          {
            rule: 'not_understood',
            severity: 'weak' as const,
            path: notUnderstood[0]!,
            detail: `This check does not read ${describeValue(notUnderstood.join(', '))}.`,
            advice: 'Check it yourself, or remove it.',
          },
        ]),
  ];

  function isOff({ steps, value }: Leaf, field: string): boolean {
    return value === false && pathOf(steps) === pathOf([...place, field]);
  }

  function isRead({ steps, value }: Leaf): boolean {
    if (!isWithin(place, steps)) return false;
    const inner = steps.slice(place.length);
    return (
      irrelevant.some((path) => isWithin(stepsTo(path), inner)) ||
      (typeof value === 'string' && read.some((rule) => isWithin(rule, inner) && isLast(rule, inner)))
    );
  }
}

/**
 * The other members of the list that has the fields: who they admit.
 *
 * @param selected the members that `within` selects, of which a service accepts one
 */
export function othersFindings(
  { others }: Described,
  { document, place }: Fields,
  selected: readonly unknown[],
  nameOf: (template: string) => string,
): Finding[] {
  const list = listOf(place);
  if (!others || !list) return [];
  const members = locate(document, pathOf(list));
  const name = others.name && nameOf(others.name.value);
  return (Array.isArray(members) ? members : []).flatMap((member: unknown, index) => {
    const path = pathOf([...list, `[${index}]`]);
    if (isWithin(place.slice(0, list.length + 1), [...list, `[${index}]`])) return [];
    const prefix = others.name && locate(member, others.name.field);
    const isKnown = name !== undefined && typeof prefix === 'string';
    const givesName = isKnown && name.startsWith(prefix);
    if (isKnown && !givesName && !selected.includes(member)) return [];
    return [
      {
        rule: 'entry_others',
        severity: givesName ? ('overly_permissive' as const) : ('weak' as const),
        path,
        detail: others.detail,
        advice: 'Remove the other entry, unless the customer needs it.',
      },
    ];
  });
}

/** The place of the innermost list around a place. */
export function listOf(place: readonly string[]): readonly string[] | undefined {
  const last = place.findLastIndex((step) => step.startsWith('['));
  return last < 0 ? undefined : place.slice(0, last);
}

const stepsTo = (path: string): readonly string[] => placeOf(undefined, path) ?? [path];

/** A rule reads a text or the texts of a list, nothing below. */
const isLast = (rule: readonly string[], steps: readonly string[]): boolean =>
  steps.length === rule.length ||
  (!rule.includes('[*]') && steps.length === rule.length + 1 && /^\[\d+\]$/.test(steps.at(-1)!));

/** `false` is not empty: it can switch a check off. */
const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);
