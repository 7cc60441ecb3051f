/** HTML that escapes by default: whatever is put into it is text, unless it was made here itself. Pure. */

export interface Html {
  readonly html: string;
}

type Part = Html | string | number | undefined | readonly Part[];

const made = new WeakSet<object>();

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted attributes alike (HTML standard, section 13.3). NUL would end as U+FFFD; it is left out. */
const escaped = (text: string): string =>
  text.replaceAll('\0', '').replace(/[&<>"']/g, (character) => entities[character]!);

function render(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  if (isList(part)) return part.map(render).join('');
  // An object that only looks like HTML may have come in as JSON.
  return made.has(part) ? part.html : escaped(part.html);
}

const isList = (part: Part): part is readonly Part[] => Array.isArray(part);

/** Attributes are always written in double quotes; nothing is ever put into a tag's name, a script or a style. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const rendered = texts.reduce((before, text, at) => before + render(parts[at - 1]) + text, '');
  const node = { html: rendered };
  made.add(node);
  return node;
}
