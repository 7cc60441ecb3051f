/** Answers as calm, aligned text. */

export type Json = Readonly<Record<string, unknown>>;

/** What a cloud or a server wrote may hold sequences that move a terminal's cursor: they are shown, not obeyed. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' ? character : `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );

/** A member of each item per column; a name with a dot goes deeper. */
export function columns(items: readonly Json[], names: readonly string[]): string {
  const rows = [
    names.map((name) => name.replaceAll('_', ' ').toUpperCase()),
    ...items.map((item) => names.map((name) => cell(memberAt(item, name)))),
  ];
  return alignRows(rows);
}

/** One line for each member, those of inner objects by their dotted names. */
export const record = (value: Json): string => alignRows(flatten(value, ''));

function flatten(value: Json, above: string): string[][] {
  return Object.entries(value).flatMap(([name, member]) =>
    isObject(member) && Object.keys(member).length > 0
      ? flatten(member, `${above}${name}.`)
      : [[above + name, cell(member)]],
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

/** Any value on one line. */
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

const memberAt = (item: Json, name: string): unknown =>
  name.split('.').reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), item);

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
