/** Parses one expression of the ARM template language: `[concat('a', parameters('b').c[0])]` without its brackets. */
import { SojournError } from '../../../platform/errors/index.ts';

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'property'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly at: Expression };

const token = /\s*(?:'((?:[^']|'')*)'|(-?\d+)|([A-Za-z_][A-Za-z0-9_]*)|([()[\].,]))/y;

type Token =
  | { readonly kind: 'string' | 'name' | 'mark'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number };

/** Throws `invalid_request` if the text is not an expression. */
export function parseExpression(source: string): Expression {
  const tokens = tokenize(source);
  let at = 0;
  const fail = () =>
    new SojournError('invalid_request', {
      detail: `Unable to parse language expression '${source}': unexpected token at position '${at}'.`,
    });
  const isMark = (mark: string) => tokens[at]?.kind === 'mark' && tokens[at]?.value === mark;
  const take = (mark: string) => {
    if (!isMark(mark)) throw fail();
    at += 1;
  };

  function primary(): Expression {
    const next = tokens[at];
    at += 1;
    if (next?.kind === 'string' || next?.kind === 'number') return { kind: 'literal', value: next.value };
    if (next?.kind !== 'name') throw fail();
    return { kind: 'call', name: next.value, args: callArguments() };
  }
  function callArguments(): Expression[] {
    const args: Expression[] = [];
    take('(');
    while (!isMark(')')) {
      if (args.length > 0) take(',');
      args.push(expression());
    }
    take(')');
    return args;
  }
  function expression(): Expression {
    let left = primary();
    for (;;) {
      if (isMark('.')) {
        at += 1;
        const name = tokens[at];
        if (name?.kind !== 'name') throw fail();
        at += 1;
        left = { kind: 'property', of: left, name: name.value };
      } else if (isMark('[')) {
        at += 1;
        left = { kind: 'index', of: left, at: expression() };
        take(']');
      } else return left;
    }
  }

  const whole = expression();
  if (at !== tokens.length) throw fail();
  return whole;
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const end = source.trimEnd().length;
  token.lastIndex = 0;
  while (token.lastIndex < end) {
    const from = token.lastIndex;
    const match = token.exec(source);
    if (!match) {
      throw new SojournError('invalid_request', {
        detail: `Unable to parse language expression '${source}': unexpected character at position '${from}'.`,
      });
    }
    const [, string, number, name, mark] = match;
    if (string !== undefined) tokens.push({ kind: 'string', value: string.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ kind: 'number', value: Number(number) });
    else if (name !== undefined) tokens.push({ kind: 'name', value: name });
    else tokens.push({ kind: 'mark', value: mark ?? '' });
  }
  return tokens;
}
