/** Formats JSON responses as aligned text for people. */

export type Json = Readonly<Record<string, unknown>>;

/** Escapes control and formatting characters: text of a cloud or a server must not move the terminal's cursor. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' ? character : `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );

/** A number with its noun: `1 client`, `2 clients`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The names of an item's members; a dotted name is a member of a nested object. */
export type Column<Item> = {
  [Name in keyof Item & string]-?: NonNullable<Item[Name]> extends
    | readonly unknown[]
    | string
    | number
    | boolean
    ? Name
    : Name | `${Name}.${keyof NonNullable<Item[Name]> & string}`;
}[keyof Item & string];

/** A table with one column per name. */
export function columns<Item extends object>(
  items: readonly Item[],
  names: readonly (Column<Item> & string)[],
): string {
  const rows = [
    names.map((name) => name.replaceAll('_', ' ').toUpperCase()),
    ...items.map((item) => names.map((name) => cell(memberAt(item, name)))),
  ];
  return alignRows(rows);
}

/** One line per member; members of nested objects have dotted names. */
export const record = (value: object): string => alignRows(flatten(value, ''));

function flatten(value: object, prefix: string): string[][] {
  return Object.entries(value).flatMap(([name, member]) =>
    isObject(member) && Object.keys(member).length > 0
      ? flatten(member, `${prefix}${name}.`)
      : [[prefix + name, cell(member)]],
  );
}

function alignRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Formats any value on one line. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(', ');
  if (isObject(value))
    return (
      Object.entries(value)
        .map(([name, member]) => `${name}=${cell(member)}`)
        .join(' ') || '-'
    );
  return printable(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', ' ');
}

const memberAt = (item: object, name: string): unknown =>
  name.split('.').reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), item);

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
