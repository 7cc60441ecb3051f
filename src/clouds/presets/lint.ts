/** Lints a pasted document of a service by the rules of its preset: does it admit this connection, and nobody else? */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type LintResult,
  stringsIn,
} from '../lint.ts';
import { locate, placeOf, selection } from './path.ts';
import type { Preset } from './preset.ts';
import { rejectedFindings } from './rejected.ts';
import { factsOf } from './set-up.ts';
import { type PresetTarget, valuesOf } from './target.ts';
import { render } from './template.ts';
import { listOf, othersFindings, unreadFindings } from './unread.ts';

type Described = NonNullable<Preset['lint']>;
type Rule = Described['rules'][number];

/** @throws {SojournError} `invalid_request` if the document is not of the type that the preset describes */
export function lint(preset: Preset, target: PresetTarget, facts: SetupFacts, document: unknown): LintResult {
  const { lint: described, title } = preset;
  if (!described) throw invalidRequest([{ path: 'cloud', message: `${preset.id} has no lint` }]);
  const { type, rules } = described;
  const values = { ...valuesOf(preset, target), ...factsOf(facts) };
  const within = render(described.within ?? '', values);
  const selected = selection(document, within);
  const inner = locate(document, within);
  const isInner = within !== '' && isJsonObject(inner);
  const fields = isInner ? inner : document;
  const place = (isInner ? placeOf(document, within) : undefined) ?? [];
  const prefix = isInner ? `${within}.` : '';
  const rendered = rules.map((rule) => ({
    ...rule,
    value: render(rule.value, values),
    or: rule.or.map(({ field, value }) => ({ field, value: render(value, values) })),
  }));
  const fieldsOf = ({ field, or }: Rule) => [field, ...or.map((other) => other.field)];
  const isOfType = rules.some((rule) => fieldsOf(rule).some((path) => locate(fields, path) !== undefined));
  if (!isOfType && selected?.length !== 0)
    throw invalidRequest([{ path: 'document', message: `must be a ${type} of ${title}` }]);
  if (!isOfType) return gradeFindings(type, [noEntry(within, described)], undefined);
  const unread = [
    ...unreadFindings(
      described,
      { document, place },
      rendered.flatMap((rule) => readBy(rule, fields)),
    ),
    ...othersFindings(described, { document, place }, selected ?? [], (template) => render(template, values)),
  ];
  const findings = [
    ...rejectedFindings(described, title, document, listOf(place)),
    ...rendered.flatMap((rule) => findingsOf(rule, fields, prefix, described.advice)),
    ...unread,
  ];
  // A corrected document would keep what no rule reads.
  const corrected =
    unread.length > 0 ? undefined : correctedOf(described, rendered, fields, isInner ? within : '');
  return gradeFindings(type, findings, corrected);
}

/** The places in the fields that a rule reads. An alternative that says the same makes the field itself unnecessary. */
function readBy(rule: Rule, fields: unknown): (readonly string[])[] {
  const same = rule.or.filter(({ field, value }) => stringsIn(locate(fields, field)).includes(value));
  const isSaidByField = same.length === 0 || findingsOf({ ...rule, or: [] }, fields, '').length === 0;
  return [...same.map(({ field }) => field), ...(isSaidByField ? [rule.field] : [])].flatMap((path) => {
    // The alternative `rules[claim=sub].value` reads `claim` too.
    const [, entry, name] = /^(.*\[([^\][=]+)=[^\]]*\])[^[]*$/.exec(path) ?? [];
    return [path, ...(entry === undefined ? [] : [`${entry}.${name}`])].flatMap((read) => {
      const place = placeOf(fields, read);
      return place ? [place] : [];
    });
  });
}

/** Undefined if a rule reads deeper than a member of the fields. */
function correctedOf({ advice }: Described, all: readonly Rule[], fields: unknown, within: string): unknown {
  const rules = all.filter(
    ({ field, missing }) => missing !== 'accepted' || (locate(fields, field) ?? undefined) !== undefined,
  );
  if (advice !== undefined || rules.some(({ field }) => /[.[]/.test(field))) return undefined;
  const corrected = {
    ...(fields as object),
    ...Object.fromEntries(
      rules.map(({ field, must, value }) => [field, must === 'contain' ? [value] : value]),
    ),
  };
  return within === '' ? corrected : { [within]: corrected };
}

function findingsOf(
  { field, must, value, detail, or, missing, differs }: Rule,
  fields: unknown,
  prefix: string,
  advice = `Set ${field} to ${JSON.stringify(must === 'equal' ? value : [value])}.`,
): Finding[] {
  const found = (rule: string, severity: Finding['severity'], what: string): Finding[] => [
    {
      rule: `${nameOf(field)}_${rule}`,
      severity,
      path: prefix + field,
      detail: `${what} ${detail}`,
      advice,
    },
  ];
  const has = (path: string, text: string) => stringsIn(locate(fields, path)).includes(text);
  if (or.some((other) => has(other.field, other.value))) return [];
  const stated = locate(fields, field);
  const texts = stringsIn(stated);
  if (missing === 'accepted' && (stated === undefined || stated === null)) return [];
  const severityOfMissing = missing === 'accepted' ? differs : missing;
  if (must === 'include' && !texts.includes(value))
    return found('missing', severityOfMissing, `${field} does not have ${describeValue(value)}.`);
  if (must === 'include')
    return texts.every((text) => text === value)
      ? []
      : found('others', 'weak', `${field} has values that this check does not read.`);
  if (
    stated === undefined ||
    stated === null ||
    stated === '' ||
    (Array.isArray(stated) && stated.length === 0)
  )
    return found('missing', severityOfMissing, `${field} is missing.`);
  const pattern = texts.find((text) => text.includes('*'));
  if (pattern !== undefined)
    return found('pattern', 'overly_permissive', `${field} has the pattern ${describeValue(pattern)}.`);
  if (!texts.includes(value))
    return found('differs', differs, `${field} is ${describeValue(stated)}, not ${describeValue(value)}.`);
  return texts.length === 1 ? [] : found('others', 'weak', `${field} has other values too.`);
}

const noEntry = (path: string, { advice = 'Apply the set-up of the connection.' }: Described): Finding => ({
  rule: 'entry_missing',
  severity: 'blocks_access',
  path,
  detail: 'The document has no such entry, so nothing admits the connection.',
  advice,
});

/** The names of a path: `claimMappings.username.prefix` is `claimMappings_username_prefix`. */
const nameOf = (path: string): string => path.replace(/\[[^\]]*\]/g, '').replaceAll('.', '_');
