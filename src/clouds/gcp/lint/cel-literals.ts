/**
 * String literals of CEL (cel-spec, doc/langdef.md, "String and Bytes Values"). The parser reads past the closing quote of a raw
 * string after a backslash, so it gets every literal without prefix and comments not at all.
 */

/** A comment, or the start of a literal with the word before it, which can be a prefix. */
const opening = /\/\/[^\n]*|(?:\b([A-Za-z_]\w*))?('''|"""|'|")/g;
const prefix = /^(?:[rR]?[bB]?|[bB][rR])$/;

/** The same expression; undefined if a literal is invalid. */
export function withPlainLiterals(text: string): string | undefined {
  let plain = '';
  let position = 0;
  opening.lastIndex = 0;
  for (let found = opening.exec(text); found; found = opening.exec(text)) {
    const [, word = '', quote] = found;
    plain += text.slice(position, found.index);
    if (quote !== undefined) {
      const kind = prefix.test(word) ? word.toLowerCase() : '';
      const literal = readLiteral(text, opening.lastIndex, quote, kind.includes('r'));
      if (!literal) return undefined;
      // The bytes are not compared: their value is unknown to the linter.
      plain += kind.includes('b') ? 'b""' : `${kind === '' ? word : ''}${JSON.stringify(literal.value)}`;
      opening.lastIndex = literal.end;
    }
    position = opening.lastIndex;
  }
  return plain + text.slice(position);
}

interface Literal {
  readonly value: string;
  readonly end: number;
}

function readLiteral(text: string, start: number, quote: string, isRaw: boolean): Literal | undefined {
  let value = '';
  for (let position = start; position < text.length; ) {
    if (text.startsWith(quote, position)) return { value, end: position + quote.length };
    const character = text.charAt(position);
    if (/[\r\n]/.test(character) && quote.length === 1) return undefined;
    const escaped = character === '\\' && !isRaw ? readEscape(text, position) : undefined;
    if (character === '\\' && !isRaw && !escaped) return undefined;
    value += escaped ? escaped.value : character;
    position = escaped ? escaped.end : position + 1;
  }
  return undefined;
}

const escapeSequence =
  /\\(?:([abfnrtv\\?"'`])|(?:[xX]([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8}))|([0-3][0-7]{2}))/y;
const control: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
};

function readEscape(text: string, start: number): Literal | undefined {
  escapeSequence.lastIndex = start;
  const [, short, ...codes] = escapeSequence.exec(text) ?? [];
  const [hex, octal] = [codes.slice(0, 3).find((code) => code !== undefined), codes[3]];
  const end = escapeSequence.lastIndex;
  if (short !== undefined) return { value: control[short] ?? short, end };
  const point = hex !== undefined ? Number.parseInt(hex, 16) : Number.parseInt(octal ?? '', 8);
  // Surrogates are no characters.
  const isCharacter = point < 0xd800 || (point > 0xdfff && point <= 0x10_ffff);
  return isCharacter ? { value: String.fromCodePoint(point), end } : undefined;
}
