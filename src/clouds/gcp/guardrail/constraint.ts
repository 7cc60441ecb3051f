/** The list constraint `iam.workloadIdentityPoolProviders`: the issuers that a project may trust. */
import type { SetupFacts } from '../../contract/index.ts';
import { type GuardrailRefusal, type GuardrailResult, guardrailResult } from '../../guardrail.ts';
import { isJsonObject, type JsonObject, stringsIn } from '../../lint.ts';

interface Rule {
  readonly path: string;
  readonly allowed: readonly string[] | undefined;
  readonly denied: readonly string[];
  readonly all: 'ALLOW' | 'DENY' | undefined;
  /** Applies only to resources with some tags. */
  readonly isConditional: boolean;
}

export function lintConstraint(facts: SetupFacts, document: JsonObject): GuardrailResult {
  const { issuer } = facts;
  const rules = rulesOf(document);
  const refusals = rules
    .filter(({ isConditional }) => !isConditional)
    .flatMap((rule): GuardrailRefusal[] => {
      const detail = refusalOf(rule, issuer);
      const base = {
        step: 'create the provider',
        rule: 'iam.workloadIdentityPoolProviders',
        path: rule.path,
      };
      return detail === undefined ? [] : [{ ...base, detail }];
    });
  const conditional = rules.filter((rule) => rule.isConditional && refusalOf(rule, issuer) !== undefined);
  return guardrailResult('gcp-organization-policy', {
    refusals,
    notes: conditional.map(({ path }) => `${path} applies only to resources with the tags of its condition.`),
    unread: conditional.length > 0,
    exception: isJsonObject(document.spec)
      ? {
          ...document,
          spec: { ...document.spec, rules: listOf(document.spec.rules).map((rule) => except(rule, issuer)) },
        }
      : { ...document, listPolicy: exceptLegacy(document.listPolicy as JsonObject, issuer) },
    reverse: isJsonObject(document.spec)
      ? { name: document.name, spec: { rules: [{ values: { allowedValues: [issuer] } }] } }
      : { constraint: document.constraint, listPolicy: { allowedValues: [issuer] } },
  });
}

/** Version 2 of the API has rules, version 1 one list. */
function rulesOf({ spec, listPolicy }: JsonObject): readonly Rule[] {
  if (isJsonObject(listPolicy))
    return [
      {
        path: 'listPolicy',
        allowed: listPolicy.allowedValues === undefined ? undefined : valuesOf(listPolicy.allowedValues),
        denied: valuesOf(listPolicy.deniedValues),
        all: /^(ALLOW|DENY)$/.exec(String(listPolicy.allValues))?.[0] as Rule['all'],
        isConditional: false,
      },
    ];
  return listOf(isJsonObject(spec) ? spec.rules : undefined).map((rule, index) => {
    const values = isJsonObject(rule.values) ? rule.values : {};
    return {
      path: `spec.rules[${index}]`,
      allowed: values.allowedValues === undefined ? undefined : valuesOf(values.allowedValues),
      denied: valuesOf(values.deniedValues),
      all: rule.denyAll === true ? 'DENY' : rule.allowAll === true ? 'ALLOW' : undefined,
      isConditional: rule.condition !== undefined,
    };
  });
}

function refusalOf({ allowed, denied, all }: Rule, issuer: string): string | undefined {
  if (all === 'DENY') return 'It denies every identity provider.';
  if (denied.includes(issuer)) return `It denies ${issuer}.`;
  if (all === 'ALLOW' || allowed === undefined || allowed.includes(issuer)) return undefined;
  return `It allows only ${allowed.join(', ')}.`;
}

function except(rule: JsonObject, issuer: string): JsonObject {
  if (rule.condition !== undefined) return rule;
  const { denyAll, ...rest } = rule;
  if (denyAll === true) return { ...rest, values: { allowedValues: [issuer] } };
  return isJsonObject(rule.values) ? { ...rest, values: exceptLegacy(rule.values, issuer) } : rule;
}

function exceptLegacy(list: JsonObject, issuer: string): JsonObject {
  const { allValues, allowedValues, deniedValues, ...rest } = list;
  if (allValues === 'DENY') return { ...rest, allowedValues: [issuer] };
  const denied = stringsIn(deniedValues ?? []).filter((value) => plain(value) !== issuer);
  const allowed = stringsIn(allowedValues ?? []);
  return {
    ...rest,
    ...(allValues === undefined ? {} : { allValues }),
    ...(allowedValues === undefined
      ? {}
      : { allowedValues: allowed.map(plain).includes(issuer) ? allowed : [...allowed, issuer] }),
    ...(denied.length > 0 ? { deniedValues: denied } : {}),
  };
}

const plain = (value: string): string => value.replace(/^is:/, '');
const valuesOf = (value: unknown): readonly string[] => stringsIn(value ?? []).map(plain);
const listOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];
