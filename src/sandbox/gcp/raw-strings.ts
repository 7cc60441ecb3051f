/**
 * Raw strings of CEL: a backslash in them is text, also before the closing quote (cel-spec, doc/langdef.md). The library reads
 * past that quote, so it gets strings with doubled backslashes instead.
 */

/** Comments and all strings, so that nothing in them is taken for the start of another one. */
const token = new RegExp(
  [
    String.raw`//[^\n]*`,
    String.raw`(?<before>\b[bB]?)[rR](?<after>[bB]?)(?<raw>'''[^]*?'''|"""[^]*?"""|'[^'\r\n]*'|"[^"\r\n]*")`,
    String.raw`'''(?:\\[^]|[^\\])*?'''|"""(?:\\[^]|[^\\])*?"""|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"`,
  ].join('|'),
  'g',
);

export const withoutRawStrings = (text: string): string =>
  text.replace(token, (whole: string, ...rest: unknown[]) => {
    const { before, after, raw } = rest.at(-1) as Record<string, string | undefined>;
    return raw === undefined ? whole : `${before}${after}${raw.replaceAll('\\', '\\\\')}`;
  });
