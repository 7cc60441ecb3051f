/** What makes a service reject a pasted document as invalid, by the entries `lint.rejected` of its preset. */
import type { Finding } from '../lint.ts';
import { type Leaf, locate, nodesOf, pathOf } from './path.ts';
import type { Preset } from './preset.ts';

type Described = NonNullable<Preset['lint']>;
type Entry = Described['rejected'][number];

/** @param list the place of the list from which `within` selects; without one the document itself has the fields */
export function rejectedFindings(
  { rejected, advice = 'Correct it.' }: Described,
  title: string,
  document: unknown,
  list: readonly string[] | undefined,
): Finding[] {
  const members = list ? nodesOf(document, `${pathOf(list)}[*]`) : [{ steps: [], value: document }];
  function nodesAt({ of, at }: Entry): readonly Leaf[] {
    if (of === 'document') return nodesOf(document, at);
    if (of === 'list') return list ? nodesOf(document, pathOf(list)) : [];
    return members.flatMap(({ steps, value }) =>
      nodesOf(value, at).map((node) => ({ ...node, steps: [...steps, ...node.steps] })),
    );
  }
  return rejected.flatMap((entry) =>
    nodesAt(entry)
      .filter(({ value }) => applies(entry, value))
      .map(({ steps }) => ({
        rule: 'rejected',
        severity: 'blocks_access' as const,
        path: pathOf(steps),
        detail: `${title} rejects the document. ${entry.detail}`,
        advice,
      })),
  );
}

function applies(entry: Entry, value: unknown): boolean {
  const has = (field = '', orEmpty = false) => isSet(locate(value, field), orEmpty);
  switch (entry.if) {
    case 'not': {
      const text = value ?? '';
      return typeof text !== 'string' || !new RegExp(`^(?:${entry.pattern})$`, 'su').test(text);
    }
    case 'both':
      return has(entry.fields[0]) && has(entry.fields[1], entry.or_empty);
    case 'neither':
      return !entry.fields.some((field) => has(field));
    case 'without':
      return has(entry.fields[0]) && !has(entry.fields[1], entry.or_empty);
    case 'same': {
      const [one, other] = entry.fields.map((field) => locate(value, field));
      return typeof one === 'string' && typeof other === 'string' && bare(one) === bare(other);
    }
    case 'more_than':
      return isNoList(value) || (Array.isArray(value) && value.length > entry.count);
    case 'twice': {
      if (!Array.isArray(value)) return isNoList(value);
      const texts = value.map((member) => locate(member, entry.field)).filter((text) => isSet(text));
      return new Set(texts).size < texts.length;
    }
  }
}

const isNoList = (value: unknown): boolean => isSet(value) && !Array.isArray(value);

const bare = (url: string): string => url.replace(/\/+$/, '');

/** @param orEmpty whether an empty text counts */
const isSet = (value: unknown, orEmpty = false): boolean =>
  value !== undefined && value !== null && value !== false && (orEmpty || value !== '');
