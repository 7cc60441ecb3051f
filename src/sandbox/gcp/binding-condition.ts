/** Conditions of bindings in allow policies: https://cloud.google.com/iam/docs/conditions-overview */
import { Environment } from '@marcbachmann/cel-js';
import { isRecord, textOf } from './input.ts';
import { withoutRawStrings } from './raw-strings.ts';
import { invalid, type Outcome, ok } from './responses.ts';

export interface BindingCondition {
  readonly title: string;
  readonly description?: string;
  readonly expression: string;
}

const environment = new Environment().registerVariable('request', 'map').registerVariable('resource', 'map');

/** Undefined without a condition. */
export function readBindingCondition(input: unknown): Outcome<BindingCondition | undefined> {
  if (input === undefined) return ok(undefined);
  const fields = isRecord(input) ? input : {};
  const [title, description, expression] = [fields.title, fields.description, fields.expression].map(textOf);
  if (!title || !expression) return invalid('A condition must have a title and an expression.');
  const { valid, type } = environment.check(withoutRawStrings(expression));
  if (!valid || (type !== 'bool' && type !== 'dyn'))
    return invalid(`The expression of the condition '${title}' is invalid.`);
  return ok({ title, ...(description ? { description } : {}), expression });
}

/** Google also has attributes of the resource; the sandbox knows its name. */
export function conditionHolds(
  { expression }: BindingCondition,
  { now, resource }: { readonly now: number; readonly resource: string },
): boolean {
  try {
    return (
      environment.parse(withoutRawStrings(expression))({
        request: { time: new Date(now) },
        resource: { name: resource },
      }) === true
    );
  } catch {
    return false;
  }
}
