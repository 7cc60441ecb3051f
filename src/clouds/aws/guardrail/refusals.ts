/** Which statements refuse a request. */
import type { GuardrailRefusal } from '../../guardrail.ts';
import type { Attempt } from './attempts.ts';
import { covers, type PolicyStatement } from './policy.ts';

export interface Refused {
  readonly attempt: Attempt;
  /** Undefined if no statement allows the action. */
  readonly statement: PolicyStatement | undefined;
  readonly refusal: GuardrailRefusal;
}

/** A Deny overrides every Allow. A policy without any Allow is attached beside one that allows everything. */
export function refusalsOf(attempt: Attempt, statements: readonly PolicyStatement[]): readonly Refused[] {
  const { step, action, resource } = attempt;
  const effective = statements.filter((statement) => covers(statement, attempt));
  const denies = effective.filter(({ effect }) => effect === 'Deny');
  if (denies.length > 0)
    return denies.map((statement) => ({
      attempt,
      statement,
      refusal: {
        step,
        rule: nameOf(statement),
        path: statement.path,
        detail: `It denies ${action} on ${resource}.`,
      },
    }));
  const hasAllow = statements.some(({ effect }) => effect === 'Allow');
  if (!hasAllow || effective.some(({ effect }) => effect === 'Allow')) return [];
  return [
    {
      attempt,
      statement: undefined,
      refusal: { step, rule: 'no Allow', path: 'Statement', detail: `No statement allows ${action}.` },
    },
  ];
}

const nameOf = ({ fields, path }: PolicyStatement): string =>
  typeof fields.Sid === 'string' && fields.Sid !== '' ? fields.Sid : path;
