/**
 * Text for people, shortened to the limit of a cloud's field. Never use it for identifiers, which must be exact.
 *
 * Line breaks, other control characters and bidirectional controls become a space, so that a name cannot forge a second line.
 * The rest is normalized to NFC, as Terraform does anyway.
 * @param limit in UTF-16 units, which is at least the number of characters; longer text ends in `...`.
 */
export function caption(text: string, limit: number): string {
  const line = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ')
    .trim();
  if (line.length <= limit) return line;
  let result = '';
  for (const character of line) {
    if (result.length + character.length > limit - 3) break;
    result += character;
  }
  return `${result.trimEnd()}...`;
}
