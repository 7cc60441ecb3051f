/** The parameters of a template: values, defaults and constraints. */
import { templateFault } from './functions.ts';
import { isObject, type Json, type JsonObject, member, stringOf } from './json.ts';

const types: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  securestring: (value) => typeof value === 'string',
  int: (value) => Number.isInteger(value),
  bool: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isObject,
  secureobject: isObject,
};

/**
 * Returns a lookup of parameter values. `resolve` evaluates a default, which can refer to other parameters. Throws
 * `invalid_request` for errors that ARM's validation reports.
 */
export function bindParameters(
  declared: JsonObject,
  provided: JsonObject,
  resolve: (value: Json) => Json,
): (name: string) => Json {
  const unknown = Object.keys(provided).filter((name) => member(declared, name) === undefined);
  if (unknown.length > 0) {
    throw templateFault(
      `The template parameters '${unknown.join(', ')}' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time.`,
    );
  }
  const missing = Object.entries(declared)
    .filter(
      ([name, spec]) =>
        !isObject(spec) || (spec.defaultValue === undefined && member(provided, name) === undefined),
    )
    .map(([name]) => name);
  if (missing.length > 0) {
    throw templateFault(
      `The value for the template parameter '${missing[0]}' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.`,
    );
  }
  const lookup = (name: string): Json => {
    const spec = member(declared, name);
    if (!isObject(spec)) throw templateFault(`The template parameter '${name}' is not found.`);
    const entry = member(provided, name);
    const value = isObject(entry) ? entry.value : resolve(spec.defaultValue ?? null);
    check(name, spec, value ?? null);
    return value ?? null;
  };
  for (const name of Object.keys(declared)) lookup(name);
  return lookup;
}

function check(name: string, spec: JsonObject, value: Json): void {
  const isOfType = types[stringOf(spec.type).toLowerCase()];
  if (!isOfType)
    throw templateFault(`The template parameter '${name}' has the invalid type '${stringOf(spec.type)}'.`);
  if (!isOfType(value)) {
    throw templateFault(
      `The provided value for the template parameter '${name}' is not valid. Expected a value of type '${stringOf(spec.type)}'.`,
    );
  }
  const allowed = spec.allowedValues;
  if (Array.isArray(allowed) && !allowed.includes(value)) {
    throw templateFault(
      `The provided value '${stringOf(value)}' for the template parameter '${name}' is not valid. The value is not part of the allowed value(s): '${allowed.join(',')}'.`,
    );
  }
  if (typeof value !== 'string' && !Array.isArray(value)) return;
  const { minLength, maxLength } = spec;
  if (typeof minLength === 'number' && value.length < minLength) {
    throw templateFault(
      `The provided value for the template parameter '${name}' is not valid. Length of the value should be greater than or equal to '${minLength}'.`,
    );
  }
  if (typeof maxLength === 'number' && value.length > maxLength) {
    throw templateFault(
      `The provided value for the template parameter '${name}' is not valid. Length of the value should be less than or equal to '${maxLength}'.`,
    );
  }
}
