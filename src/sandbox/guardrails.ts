/**
 * The guardrails of the customer's organization, as `PUT /sandbox/guardrails` sets them. Each cloud enforces its own documents.
 * Shares no code with the lint of guardrails, which it tests.
 */

export interface Guardrail {
  /** The account, subscription or project number that it applies to; undefined for all. */
  readonly scope?: string;
  /** As its cloud exports it: a policy, a constraint, a perimeter. */
  readonly document: Readonly<Record<string, unknown>>;
}

export interface Guardrails {
  /** Those that apply to an account, subscription or project. */
  of(scope: string): readonly Readonly<Record<string, unknown>>[];
  set(guardrails: readonly Guardrail[]): void;
}

export function createGuardrails(): Guardrails {
  let all: readonly Guardrail[] = [];
  return {
    of: (scope) =>
      all.filter((guardrail) => (guardrail.scope ?? scope) === scope).map(({ document }) => document),
    set(guardrails) {
      all = guardrails;
    },
  };
}
