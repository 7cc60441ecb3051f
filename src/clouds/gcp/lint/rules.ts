/** The mapping and the condition of a provider, and what they make of our token. */
import type { SetupFacts } from '../../contract/index.ts';
import { celString } from '../../encode/index.ts';
import { isJsonObject, type JsonObject } from '../../lint.ts';
import { type Expression, parseCel } from './cel.ts';
import { type Mapping, mapToken, type Outcome, type Token } from './tokens.ts';

export interface ProviderRules {
  readonly mapping: JsonObject;
  readonly mappings: readonly Mapping[];
  /** Undefined if there is no condition. */
  readonly text: string | undefined;
  /** Undefined if there is no condition, or if it cannot be read. */
  readonly condition: Expression | undefined;
  readonly own: Token;
  readonly ofOwn: Outcome;
  /** `google.subject` is the same for every token. */
  readonly isConstant: boolean;
}

export function rulesOf(
  facts: SetupFacts,
  { attributeMapping, attributeCondition }: JsonObject,
  now: number,
): ProviderRules {
  const mapping = isJsonObject(attributeMapping) ? attributeMapping : {};
  const mappings = Object.entries(mapping).map(([key, text]) => ({
    key,
    expression: parseCel(String(text)),
  }));
  const text =
    typeof attributeCondition === 'string' && attributeCondition.trim() !== ''
      ? attributeCondition
      : undefined;
  const condition = text === undefined ? undefined : parseCel(text);
  const own: Token = {
    issuer: facts.issuer,
    subject: facts.subject,
    audience: facts.audience,
    jti: 'c8f1',
    now,
  };
  const isConstant =
    mapping['google.subject'] !== undefined && !/\bassertion\b/.test(String(mapping['google.subject']));
  return { mapping, mappings, text, condition, own, ofOwn: mapToken(mappings, condition, own), isConstant };
}

export const conditionFor = (subjects: readonly string[]): string => {
  const literals = [...new Set(subjects)].map(celString);
  return literals.length === 1
    ? `assertion.sub==${literals[0]}`
    : `assertion.sub in [${literals.join(', ')}]`;
};
