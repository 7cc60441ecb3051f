/** Lints a pasted document of a service by the rules of its preset: does it admit this connection, and nobody else? */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type JsonObject,
  type LintResult,
  stringsIn,
} from '../lint.ts';
import type { Preset } from './preset.ts';
import { factsOf } from './set-up.ts';
import { type PresetTarget, valuesOf } from './target.ts';
import { render } from './template.ts';

type Rule = NonNullable<Preset['lint']>['rules'][number];

/** @throws {SojournError} `invalid_request` if the document is not of the type that the preset describes */
export function lint(
  preset: Preset,
  target: PresetTarget,
  facts: SetupFacts,
  document: JsonObject | undefined,
): LintResult {
  const { lint: described, title } = preset;
  if (!described) throw invalidRequest([{ path: 'cloud', message: `${preset.id} has no lint` }]);
  const { type, within, rules } = described;
  const inner = within === undefined ? undefined : document?.[within];
  const fields = isJsonObject(inner) ? inner : document;
  if (!fields || rules.every(({ field }) => !Object.hasOwn(fields, field)))
    throw invalidRequest([{ path: 'document', message: `must be a ${type} of ${title}` }]);
  const values = { ...valuesOf(preset, target), ...factsOf(facts) };
  const expected = (rule: Rule): string => render(rule.value, values);
  const prefix = fields === inner ? `${within}.` : '';
  const findings = rules.flatMap((rule) => findingsOf(rule, fields, expected(rule), prefix));
  const corrected: JsonObject = {
    ...fields,
    ...Object.fromEntries(
      rules.map((rule) => [rule.field, rule.must === 'contain' ? [expected(rule)] : expected(rule)]),
    ),
  };
  return gradeFindings(type, findings, prefix === '' ? corrected : { [String(within)]: corrected });
}

function findingsOf(
  { field, must, detail }: Rule,
  fields: JsonObject,
  value: string,
  prefix: string,
): Finding[] {
  const found = (rule: string, severity: Finding['severity'], what: string): Finding[] => [
    {
      rule: `${field}_${rule}`,
      severity,
      path: prefix + field,
      detail: `${what} ${detail}`,
      advice: `Set ${field} to ${must === 'contain' ? JSON.stringify([value]) : JSON.stringify(value)}.`,
    },
  ];
  const stated = fields[field];
  const texts = stringsIn(stated);
  if (
    stated === undefined ||
    stated === null ||
    stated === '' ||
    (Array.isArray(stated) && stated.length === 0)
  )
    return found('missing', 'overly_permissive', `${field} is missing.`);
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
