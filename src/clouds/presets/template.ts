/** Templates of presets: text with `{{name}}` or `{{function name}}`. Five functions, no other code. */

export type TemplateValues = Readonly<Record<string, string>>;

const functions = {
  /** The host of a URL, with its port. */
  host: (text: string) => (URL.canParse(text) ? new URL(text).host : ''),
  /** The path of a URL, without a slash at its end. */
  path: (text: string) => (URL.canParse(text) ? new URL(text).pathname.replace(/\/+$/, '') : ''),
  base64url: (text: string) => Buffer.from(text).toString('base64url'),
  urlencode: encodeURIComponent,
  lower: (text: string) => text.toLowerCase(),
} as const;

type FunctionName = keyof typeof functions;

export const functionNames = Object.keys(functions) as readonly FunctionName[];

const placeholder = /\{\{(.*?)\}\}/gs;
const inside = /^(?:([a-z0-9]+) )?([a-z][a-z0-9_]*)$/;

const isFunction = (name: string): name is FunctionName => Object.hasOwn(functions, name);

/** The names that a template reads. */
export const namesIn = (template: string): readonly string[] =>
  [...template.matchAll(placeholder)].flatMap(([, text = '']) => inside.exec(text)?.[2] ?? []);

/** What is wrong with a template, if it may read only these names. */
export function templateFaults(template: string, names: ReadonlySet<string>): readonly string[] {
  const faults = [...template.matchAll(placeholder)].flatMap(([whole, text = '']) => {
    const [, called, name] = inside.exec(text) ?? [];
    if (name === undefined) return [`${whole} must be {{name}} or {{function name}}`];
    if (called !== undefined && !isFunction(called))
      return [`${whole} calls ${called}, but the functions are ${functionNames.join(', ')}`];
    return names.has(name) ? [] : [`${whole} reads ${name}, but may read only ${[...names].join(', ')}`];
  });
  return /\{\{|\}\}/.test(template.replaceAll(placeholder, ''))
    ? [...faults, 'has {{ or }} that is not a placeholder']
    : faults;
}

/** The text with each placeholder replaced. A name without a value is empty. */
export const render = (
  template: string,
  values: TemplateValues,
  encode: (value: string) => string = (value) => value,
): string =>
  template.replaceAll(placeholder, (_, text: string) => {
    const [, called, name = ''] = inside.exec(text) ?? [];
    const value = Object.hasOwn(values, name) ? (values[name] ?? '') : '';
    return encode(called !== undefined && isFunction(called) ? functions[called](value) : value);
  });
