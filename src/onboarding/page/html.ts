/** HTML templates that escape by default: every inserted value is text, unless this module created it. Pure. */

export interface Html {
  readonly html: string;
}

type Part = Html | string | number | undefined | readonly Part[];

const trusted = new WeakSet<object>();

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and quoted attributes (HTML standard, section 13.3). Removes NUL, which a parser would turn into U+FFFD. */
const escapeText = (text: string): string =>
  text.replaceAll('\0', '').replace(/[&<>"']/g, (character) => entities[character]!);

function render(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeText(String(part));
  if (isList(part)) return part.map(render).join('');
  // An object with an `html` member can also come from parsed JSON, so it is not trusted.
  return trusted.has(part) ? part.html : escapeText(part.html);
}

const isList = (part: Part): part is readonly Part[] => Array.isArray(part);

/** Templates quote attributes with double quotes and insert nothing into tag names, scripts or styles. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const rendered = texts.reduce((before, text, index) => before + render(parts[index - 1]) + text, '');
  const node = { html: rendered };
  trusted.add(node);
  return node;
}
