/** Expressions of flexible federated credentials (entra-docs, "Flexible federated identity credentials"). */

/** `pattern`: tokens of several subjects match; `exact`: at least one claim must be equal to a value. */
export type ExpressionKind = 'exact' | 'pattern' | 'unknown';

export interface ParsedExpression {
  readonly kind: ExpressionKind;
  /** A value that matches, for `pattern`. */
  readonly example?: string;
}

const comparison = /^claims\['([^']+)'\] (eq|matches) '([^']*)'$/;

/** `claims['sub'] matches 'repo:acme/*' and claims['job_workflow_ref'] eq '…'`; `*` and `?` are wildcards of `matches`. */
export function parseExpression(expression: unknown): ParsedExpression {
  const value =
    typeof expression === 'object' && expression !== null && 'value' in expression
      ? expression.value
      : undefined;
  if (typeof value !== 'string') return { kind: 'unknown' };
  const parts = value.split(/ and (?=claims\[')/).map((part) => comparison.exec(part.trim()));
  let example: string | undefined;
  for (const part of parts) {
    if (!part) return { kind: 'unknown' };
    const [, , operator, text = ''] = part;
    if (operator === 'eq' || !/[*?]/.test(text)) return { kind: 'exact' };
    example ??= text.replace(/[*?]/g, 'x');
  }
  return { kind: 'pattern', ...(example === undefined ? {} : { example }) };
}
