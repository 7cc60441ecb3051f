/**
 * A minimal DER reader (ITU-T X.690) for certificates that OpenSSL has already parsed. Node's textual forms of names are not
 * used: a name can contain text that looks like the end of one name and the start of another (CVE-2021-44532).
 */

export interface Element {
  /** Class, form and number in one byte, which is enough for certificates. */
  readonly tag: number;
  readonly content: Buffer;
  /** Including tag and length. */
  readonly whole: Buffer;
}

/** Parses consecutive elements. Throws RangeError if they do not fill the bytes exactly. */
export function elementsIn(bytes: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const short = bytes.readUInt8(at + 1);
    const more = short < 0x80 ? 0 : short & 0x7f;
    if (short === 0x80 || more > 4) throw new RangeError('not DER');
    const length = more === 0 ? short : bytes.readUIntBE(at + 2, more);
    const [begin, end] = [at + 2 + more, at + 2 + more + length];
    if (end > bytes.length) throw new RangeError('not DER');
    found.push({
      tag: bytes.readUInt8(at),
      content: bytes.subarray(begin, end),
      whole: bytes.subarray(at, end),
    });
    at = end;
  }
  return found;
}

/** The dotted form of an OBJECT IDENTIFIER's content. */
export function oidOf(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}
