/** The names that a part of a template refers to. */
import { isObject } from '../../jws.ts';

/** Through Ref, Fn::GetAtt and Fn::Sub, at any depth. */
export function* referencesOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* referencesOf(item);
  if (!isObject(value)) return;
  for (const [name, argument] of Object.entries(value)) {
    if (name === 'Ref' && typeof argument === 'string') yield argument;
    else if (name === 'Fn::GetAtt') yield getAttParts(argument)[0];
    else if (name === 'Fn::Sub') yield* subReferences(argument);
    else yield* referencesOf(argument);
  }
}

function* subReferences(argument: unknown): Generator<string> {
  const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
  const ownNames = isObject(own) ? Object.keys(own) : [];
  for (const name of variablesOf(String(text))) if (!ownNames.includes(name)) yield name.split('.')[0] ?? '';
  yield* referencesOf(own);
}

/** `${Name}` and `${Name.Attribute}`; `${!Name}` is text. */
export const variable = /\$\{(!?)([^}]*)\}/g;

function* variablesOf(text: string): Generator<string> {
  for (const [, literal, name = ''] of text.matchAll(variable)) if (!literal) yield name.trim();
}

/** Both spellings, `["Name", "Attribute"]` and `"Name.Attribute"`. */
export function getAttParts(argument: unknown): [string, string] {
  const [name = '', ...attribute] =
    typeof argument === 'string' ? argument.split('.') : [argument].flat().map(String);
  return [name, attribute.join('.')];
}
