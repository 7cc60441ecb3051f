/** The source of an invalid value, so that the operator finds it. */
import type { Fault } from '../../platform/errors/index.ts';
import { type Path, type Shape, settingsOf, variableOf } from '../../platform/settings/index.ts';
import { type Environment, variableIn } from './environment.ts';

/** Adds the line or the variable of the invalid value to the message. */
export function withSource(
  shape: Shape,
  fault: Fault,
  env: Environment,
  lineOf: (path: Path) => string | undefined,
): Fault {
  const path = fault.path.split('.');
  const variable = settingsOf(shape)
    .filter((setting) => setting.path.every((name, index) => name === path[index]))
    .map((setting) => variableOf(setting.path))
    .find((name) => variableIn(env, name) !== undefined);
  const source = variable ?? lineOf(path);
  return source ? { ...fault, message: `${fault.message} (${source})` } : fault;
}
