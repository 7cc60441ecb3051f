/** Patterns in a policy: `*` and `?` if the operator allows wildcards, and `${…}` variables with literal values. */

/** The request context: lower-case key → values. */
export type Context = ReadonlyMap<string, readonly string[]>;

const piece = /\$\{([^}]*)\}|[\s\S]/gu;
const character = /[\s\S]/gu;

/**
 * Undefined if a variable has no value: then the pattern matches nothing.
 * @param context the values of variables; undefined where `${…}` is text
 */
export function compile(
  pattern: string,
  context: Context | undefined,
  { wildcards, flags = '' }: { readonly wildcards: boolean; readonly flags?: 'i' | '' },
): RegExp | undefined {
  let source = '';
  for (const [text, variable] of pattern.matchAll(context ? piece : character)) {
    if (context && variable !== undefined) {
      const value = resolve(variable, context);
      if (value === undefined) return undefined;
      source += literal(value);
    } else if (wildcards && text === '*') source += '[\\s\\S]*';
    else if (wildcards && text === '?') source += '[\\s\\S]';
    else source += literal(text);
  }
  return new RegExp(`^${source}$`, `u${flags}`);
}

/** `${*}`, `${?}` and `${$}` are literal characters; `${key, 'default'}` has a default. */
function resolve(variable: string, context: Context): string | undefined {
  if (variable === '*' || variable === '?' || variable === '$') return variable;
  const [, key = variable, otherwise] = /^([^,]*?)\s*(?:,\s*'(.*)'\s*)?$/.exec(variable) ?? [];
  const values = context.get(key.trim().toLowerCase());
  return values?.length === 1 ? values[0] : otherwise;
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
