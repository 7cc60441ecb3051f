/** The escape that HCL and CEL share: `\uNNNN`, or `\UNNNNNNNN` outside the Basic Multilingual Plane. */
export function unicodeEscape(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return point > 0xffff
    ? `\\U${point.toString(16).padStart(8, '0')}`
    : `\\u${point.toString(16).padStart(4, '0')}`;
}
