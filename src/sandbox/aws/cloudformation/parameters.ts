/** The parameters of a template and the values that the customer provides. */
import { isObject } from '../../jws.ts';
import { validationError } from '../fault.ts';
import type { Json } from './resource-type.ts';

export interface Parameter {
  readonly value: string | readonly string[];
  /** The value in DescribeStacks. */
  readonly displayValue: string;
}

/** Throws ValidationError. */
export function resolveParameters(
  definitions: Json,
  provided: ReadonlyMap<string, string>,
): ReadonlyMap<string, Parameter> {
  const unknown = [...provided.keys()].filter((name) => !(name in definitions));
  if (unknown.length > 0)
    throw validationError(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const values = Object.entries(definitions).map(([name, definition]) => {
    if (!isObject(definition) || typeof definition.Type !== 'string')
      throw validationError(`Template format error: Every Parameters object must contain a Type member.`);
    const fallback = definition.Default;
    return {
      name,
      definition,
      text: provided.get(name) ?? (fallback === undefined ? undefined : scalar(fallback)),
    };
  });
  const empty = values.filter(({ text }) => text === undefined).map(({ name }) => name);
  if (empty.length > 0) throw validationError(`Parameters: [${empty.join(', ')}] must have values`);
  return new Map(
    values.map(({ name, definition, text = '' }) => {
      check(name, definition, text);
      const isList = /^(CommaDelimitedList$|List<)/.test(String(definition.Type as string));
      const value = isList ? text.split(',').map((item) => item.trim()) : text;
      return [name, { value, displayValue: isSecret(definition) ? '****' : text }];
    }),
  );
}

const isSecret = ({ NoEcho: noEcho }: Json): boolean => noEcho === true || noEcho === 'true';

const scalar = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function check(name: string, definition: Json, text: string): void {
  const { Type, AllowedValues, AllowedPattern, MinLength, MaxLength, MinValue, MaxValue } = definition;
  const { ConstraintDescription: description } = definition;
  const constraintError = (message: string) =>
    validationError(
      typeof description === 'string'
        ? `Parameter ${name} failed to satisfy constraint: ${description}`
        : `Parameter ${name} failed to satisfy constraint: ${message}`,
    );
  if (Array.isArray(AllowedValues) && !AllowedValues.map(scalar).includes(text))
    throw validationError(`Parameter '${name}' must be one of AllowedValues`);
  if (typeof AllowedPattern === 'string' && !new RegExp(`^(?:${AllowedPattern})$`).test(text))
    throw constraintError(`Parameter ${name} must match pattern ${AllowedPattern}`);
  if (MinLength !== undefined && text.length < Number(MinLength))
    throw constraintError(`Parameter ${name} must contain at least ${Number(MinLength)} characters`);
  if (MaxLength !== undefined && text.length > Number(MaxLength))
    throw constraintError(`Parameter ${name} must contain at most ${Number(MaxLength)} characters`);
  if (Type !== 'Number') return;
  if (text.trim() === '' || Number.isNaN(Number(text)))
    throw validationError(`Parameter '${name}' must be a number.`);
  if (MinValue !== undefined && Number(text) < Number(MinValue))
    throw constraintError(`Parameter ${name} must be a number not less than ${Number(MinValue)}`);
  if (MaxValue !== undefined && Number(text) > Number(MaxValue))
    throw constraintError(`Parameter ${name} must be a number not greater than ${Number(MaxValue)}`);
}
