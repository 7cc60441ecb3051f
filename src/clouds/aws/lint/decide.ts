/** Decides as STS does whether a trust policy admits a caller: a Deny overrides every Allow. */
import { allowsAction, type Statement, type TrustDocument } from './document.ts';
import { holds } from './operators.ts';
import type { Caller } from './request.ts';

/** Recorded: a principal `"AWS": "*"` does not admit a web identity; it can only deny one. */
export const appliesTo = ({ principals, effect }: Statement, provider: string): boolean =>
  principals.some(
    ({ kind, value }) =>
      (kind === 'federated' && value === provider) || (kind === 'everyone' && effect === 'Deny'),
  );

export const conditionsHold = ({ conditions }: Statement, { context }: Caller): boolean =>
  conditions.every((condition) => holds(condition, context));

/** Whether this statement alone has an effect on at least one of the actions. */
export const concerns = (statement: Statement, caller: Caller): boolean =>
  appliesTo(statement, caller.provider) &&
  caller.actions.some((action) => allowsAction(statement.actions, action)) &&
  conditionsHold(statement, caller);

export function admits({ statements }: Pick<TrustDocument, 'statements'>, caller: Caller): boolean {
  const effective = statements.filter((statement) => concerns(statement, caller));
  return caller.actions.every((action) => {
    const effects = effective
      .filter(({ actions }) => allowsAction(actions, action))
      .map(({ effect }) => effect);
    return effects.includes('Allow') && !effects.includes('Deny');
  });
}
