/**
 * Text for people, cut to what a cloud's field takes. Identifiers never come through here: they are exact or nothing.
 *
 * Line breaks, other control characters and those that turn the direction of writing become one space (a name must not
 * forge a second line); the rest stays, in Unicode's form C, to which Terraform would turn it anyway.
 * @param limit in UTF-16 units, so at most as many characters by any way of counting them; what is longer ends in `...`.
 */
export function caption(text: string, limit: number): string {
  const line = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ')
    .trim();
  if (line.length <= limit) return line;
  let kept = '';
  for (const character of line) {
    if (kept.length + character.length > limit - 3) break;
    kept += character;
  }
  return `${kept.trimEnd()}...`;
}
