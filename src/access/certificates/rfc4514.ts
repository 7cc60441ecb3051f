/** Parses distinguished names (RFC 4514) and compares them by type and value. */
import { type Element, elementsIn, oidOf } from './der.ts';

interface Attribute {
  readonly oid: string;
  /** The text of the value, or `#` and its DER in hexadecimal. */
  readonly value: string;
}

/** The most specific RDN first, as in the text; an RDN can have several attributes. */
export type Name = readonly (readonly Attribute[])[];

/** Types of section 3, and two more that are common in certificates. Others must be written as OIDs. */
const oids: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  C: '2.5.4.6',
  STREET: '2.5.4.9',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  SERIALNUMBER: '2.5.4.5',
  EMAILADDRESS: '1.2.840.113549.1.9.1',
};

const attribute =
  /^(?<type>[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)=(?:(?<hex>#(?:[0-9A-Fa-f]{2})+)|(?<text>(?:\\(?:[ "#+,;<=>\\]|[0-9A-Fa-f]{2})|[^\\"+,;<>\0])*))(?<end>[,+]|$)/;

/** Throws a RangeError whose message is a predicate, such as `must be …`. */
export function parseName(text: string): Name {
  const name: Attribute[][] = [[]];
  let rest = text;
  for (let end = ','; end !== ''; ) {
    const found = attribute.exec(rest);
    if (!found?.groups)
      throw new RangeError('must be a distinguished name such as CN=deployer,O=Acme (RFC 4514)');
    const { type = '', hex, text: escaped = '' } = found.groups;
    const oid = /^\d/.test(type) ? type : oids[type.toUpperCase()];
    if (oid === undefined)
      throw new RangeError(`has the unknown type ${type.slice(0, 40)}; write its number`);
    name.at(-1)!.push({ oid, value: hex?.toLowerCase() ?? unescaped(escaped) });
    end = found.groups.end ?? '';
    if (end === ',') name.push([]);
    rest = rest.slice(found[0].length);
  }
  return name;
}

/** Section 2.4: leading and trailing spaces and a leading # must be escaped; hex pairs are bytes of UTF-8. */
function unescaped(text: string): string {
  if (/^[ #]|(?<!\\) $/.test(text))
    throw new RangeError('has an unescaped blank or # at the edge of a value');
  const bytes = text.matchAll(/\\([0-9A-Fa-f]{2})|\\(.)|([^\\]+)/gsu);
  const parts = [...bytes].map(([, pair, special, plain]) =>
    pair === undefined ? Buffer.from(special ?? plain ?? '') : Buffer.from(pair, 'hex'),
  );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
  } catch {
    throw new RangeError('has a value that is no UTF-8');
  }
}

/** Whether both are the same name: the same RDNs in the same order with the same attributes; case-sensitive. */
export function fitsName(wanted: Name, { content }: Element): boolean {
  const parts = elementsIn(content).toReversed();
  return (
    parts.length === wanted.length &&
    parts.every((part, index) => {
      const attributes = elementsIn(part.content);
      const left = [...wanted[index]!];
      return (
        attributes.length === left.length &&
        attributes.every((one) => {
          const [type, value] = elementsIn(one.content);
          const at = left.findIndex(
            ({ oid, value: text }) =>
              oid === oidOf(type!.content) &&
              (text === `#${value!.whole.toString('hex')}` || text === textOf(value!)),
          );
          return at >= 0 && left.splice(at, 1).length === 1;
        })
      );
    })
  );
}

/** The text of an X.520 string type; undefined for other types. */
function textOf({ tag, content }: Element): string | undefined {
  // UTF8String, NumericString, PrintableString, TeletexString, IA5String, BMPString
  if (tag === 0x0c) return content.toString('utf8');
  if ([0x12, 0x13, 0x14, 0x16].includes(tag)) return content.toString('latin1');
  return tag === 0x1e && content.length % 2 === 0
    ? Buffer.from(content).swap16().toString('utf16le')
    : undefined;
}
