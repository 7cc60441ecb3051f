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
import { locate, selection } from './path.ts';
import type { Preset } from './preset.ts';
import { factsOf } from './set-up.ts';
import { type PresetTarget, valuesOf } from './target.ts';
import { render } from './template.ts';

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
  const fields = within !== '' && isJsonObject(inner) ? inner : document;
  const prefix = fields === inner && within !== '' ? `${within}.` : '';
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
  const findings = [
    ...rendered.flatMap((rule) => findingsOf(rule, fields, prefix, described.advice)),
    ...(described.exclusive && selected && selected.length > 1 ? [others(within, described)] : []),
  ];
  return gradeFindings(type, findings, correctedOf(described, rendered, fields, prefix === '' ? '' : within));
}

/** Undefined if a rule reads deeper than a member of the fields. */
function correctedOf(
  { advice }: Described,
  rules: readonly Rule[],
  fields: unknown,
  within: string,
): unknown {
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
  { field, must, value, detail, or, missing }: Rule,
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
  if (must === 'include' && !texts.includes(value))
    return found('missing', missing, `${field} does not have ${describeValue(value)}.`);
  if (must === 'include') return [];
  if (
    stated === undefined ||
    stated === null ||
    stated === '' ||
    (Array.isArray(stated) && stated.length === 0)
  )
    return found('missing', missing, `${field} is missing.`);
  const pattern = texts.find((text) => text.includes('*'));
  if (pattern !== undefined)
    return found('pattern', 'overly_permissive', `${field} has the pattern ${describeValue(pattern)}.`);
  if (!texts.includes(value))
    return found(
      'differs',
      'blocks_access',
      `${field} is ${describeValue(stated)}, not ${describeValue(value)}.`,
    );
  return texts.length === 1 ? [] : found('others', 'weak', `${field} has other values too.`);
}

const noEntry = (path: string, { advice = 'Apply the set-up of the connection.' }: Described): Finding => ({
  rule: 'entry_missing',
  severity: 'blocks_access',
  path,
  detail: 'The document has no such entry, so nothing admits the connection.',
  advice,
});

const others = (path: string, { exclusive = '' }: Described): Finding => ({
  rule: 'entry_others',
  severity: 'weak',
  path,
  detail: exclusive,
  advice: 'Remove the other entries, unless the customer needs them.',
});

/** The names of a path: `claimMappings.username.prefix` is `claimMappings_username_prefix`. */
const nameOf = (path: string): string => path.replace(/\[[^\]]*\]/g, '').replaceAll('.', '_');
