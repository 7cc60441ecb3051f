/** Attribute mappings and conditions: CEL over the claims of the token. */
import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import { isRecord } from './input.ts';

/** What a mapping may see. A condition sees the mapped `google` and `attribute` as well. */
const mappingWords = new Environment()
  .registerVariable('assertion', 'map')
  .registerFunction('string.extract(string): string', extract);

/** The library keeps `google` for the names of protobuf types, so the variable goes by another name inside. */
const googleInside = 'google__';

const conditionWords = mappingWords
  .clone()
  .registerVariable(googleInside, 'map')
  .registerVariable('attribute', 'map');

export type Compiled =
  | { readonly ok: true; readonly run: ParseResult }
  | { readonly ok: false; readonly reason: string };

export const compileMapping = (text: string, wanted: 'string' | 'list'): Compiled =>
  compile(mappingWords, text, wanted);

/** A condition has to look at the token: one that names no variable is refused as Google refuses it. */
export function compileCondition(text: string): Compiled {
  const parsed = attempt(() => conditionWords.parse(text));
  if (!parsed) return compile(conditionWords, text, 'bool');
  const names = namesIn(parsed.ast);
  if (!names.some(({ args }) => args === 'google' || conditionWords.hasVariable(String(args))))
    return { ok: false, reason: "it must reference one of the provider's claims" };
  const renamed = names
    .filter(({ args }) => args === 'google')
    .toSorted((a, b) => b.start - a.start)
    .reduce((changed, { start, end }) => changed.slice(0, start) + googleInside + changed.slice(end), text);
  return compile(conditionWords, renamed, 'bool');
}

function compile(words: Environment, text: string, wanted: string): Compiled {
  const checked = words.check(text);
  if (!checked.valid)
    return { ok: false, reason: (checked.error?.message ?? 'not an expression').split('\n')[0] ?? '' };
  const type = checked.type ?? 'dyn';
  if (type !== 'dyn' && !type.startsWith(wanted))
    return { ok: false, reason: `it gives ${type}, not ${wanted}` };
  return { ok: true, run: words.parse(text) };
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

/** The value, or undefined when the claims do not have what the expression names. */
export function evaluate(compiled: Compiled, context: Readonly<Record<string, unknown>>): unknown {
  if (!compiled.ok) return undefined;
  const { google, ...rest } = context;
  const values = cel({ ...rest, [googleInside]: google }) as Record<string, unknown>;
  return attempt((): unknown => compiled.run(values));
}

/** CEL has whole numbers apart from doubles; JSON has not. */
function cel(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(cel);
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cel(item)]));
  return value;
}

/** Google's own function: `'a/b/c'.extract('a/{x}/c')` is `b`; nothing when the text around it is absent. */
function extract(text: string, template: string): string {
  const [, prefix, suffix] = /^(.*?)\{\w+\}(.*)$/s.exec(template) ?? [];
  if (prefix === undefined || suffix === undefined || !text.includes(prefix)) return '';
  const rest = text.slice(text.indexOf(prefix) + prefix.length);
  if (suffix === '') return rest;
  const end = rest.indexOf(suffix);
  return end < 0 ? '' : rest.slice(0, end);
}
