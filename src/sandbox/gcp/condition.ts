/** Attribute mappings and conditions: CEL over the claims of the token. */
import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import { isRecord } from './input.ts';
import { withoutRawStrings } from './raw-strings.ts';

/** The variables of a mapping. A condition also has the mapped `google` and `attribute`. */
const mappingEnvironment = new Environment()
  .registerVariable('assertion', 'map')
  .registerFunction('string.extract(string): string', extract);

/** The library reserves `google` for protobuf type names, so the variable has another name internally. */
const googleInside = 'google__';

const conditionEnvironment = mappingEnvironment
  .clone()
  .registerVariable(googleInside, 'map')
  .registerVariable('attribute', 'map');

export type Compiled =
  | { readonly ok: true; readonly run: ParseResult }
  | { readonly ok: false; readonly reason: string };

/** Of any type: Google creates such a provider, and refuses its tokens. */
export const compileMapping = (text: string): Compiled =>
  compile(mappingEnvironment, withoutRawStrings(text));

/** A condition must refer to the token: like Google, the sandbox rejects one without a variable. */
export function compileCondition(condition: string): Compiled {
  const text = withoutRawStrings(condition);
  const parsed = attempt(() => conditionEnvironment.parse(text));
  if (!parsed) return compile(conditionEnvironment, text, 'bool');
  const names = namesIn(parsed.ast);
  if (!names.some(({ args }) => args === 'google' || conditionEnvironment.hasVariable(String(args))))
    return { ok: false, reason: "it must reference one of the provider's claims" };
  const renamed = names
    .filter(({ args }) => args === 'google')
    .toSorted((a, b) => b.start - a.start)
    .reduce((changed, { start, end }) => changed.slice(0, start) + googleInside + changed.slice(end), text);
  return compile(conditionEnvironment, renamed, 'bool');
}

function compile(environment: Environment, text: string, expected?: 'bool'): Compiled {
  const checked = environment.check(text);
  if (!checked.valid)
    return { ok: false, reason: (checked.error?.message ?? 'not an expression').split('\n')[0] ?? '' };
  const type = checked.type ?? 'dyn';
  if (expected && type !== 'dyn' && type !== expected)
    return { ok: false, reason: `it returns ${type}, not ${expected}` };
  return { ok: true, run: environment.parse(text) };
}

type NameNode = ASTNode & { readonly op: 'id' };

function namesIn(node: unknown): NameNode[] {
  if (Array.isArray(node)) return node.flatMap(namesIn);
  if (typeof node !== 'object' || node === null || !('op' in node)) return [];
  const { op, args } = node as ASTNode;
  return op === 'id' ? [node as NameNode] : namesIn(args);
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** The value, or undefined if the claims lack what the expression refers to. */
export function evaluate(compiled: Compiled, context: Readonly<Record<string, unknown>>): unknown {
  if (!compiled.ok) return undefined;
  const { google, ...rest } = context;
  const values = cel({ ...rest, [googleInside]: google }) as Record<string, unknown>;
  return attempt((): unknown => compiled.run(values));
}

/** CEL distinguishes integers from doubles; JSON does not. */
function cel(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(cel);
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cel(item)]));
  return value;
}

/** Google's function: `'a/b/c'.extract('a/{x}/c')` is `b`; empty if the surrounding text does not match. */
function extract(text: string, template: string): string {
  const [, prefix, suffix] = /^(.*?)\{\w+\}(.*)$/s.exec(template) ?? [];
  if (prefix === undefined || suffix === undefined || !text.includes(prefix)) return '';
  const rest = text.slice(text.indexOf(prefix) + prefix.length);
  if (suffix === '') return rest;
  const end = rest.indexOf(suffix);
  return end < 0 ? '' : rest.slice(0, end);
}
