/** One binding of an allow policy, with its condition (cloud.google.com/iam/docs/conditions-overview). */
import { describeValue, isJsonObject, stringsIn } from '../../lint.ts';
import { evaluate, parseCel } from './cel.ts';
import { type CelMap, Instant, unknown, type Value } from './cel-values.ts';

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  /** Undefined without a condition. */
  readonly condition: string | undefined;
  readonly path: string;
}

export function readBinding(input: unknown, path: string): Binding {
  const { role, members, condition } = isJsonObject(input) ? input : {};
  const expression = isJsonObject(condition) ? condition.expression : condition;
  return {
    role: typeof role === 'string' ? role : describeValue(role),
    members: stringsIn(members),
    condition: condition === undefined || condition === null ? undefined : String(expression),
    path,
  };
}

/** Whether the binding has an effect at this time: `unknown` for attributes other than the time. */
export function effectAt({ condition }: Binding, time: number): Value {
  if (condition === undefined) return true;
  const expression = parseCel(condition);
  const variables: CelMap = new Map<string, Value>([
    ['request', new Map<string, Value>([['time', new Instant(time)]])],
  ]);
  const value = expression ? evaluate(expression, variables) : unknown;
  return typeof value === 'boolean' ? value : unknown;
}
