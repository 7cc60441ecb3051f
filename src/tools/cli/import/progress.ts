/** The list of what became of each line, as CSV that a spreadsheet can open and runs nothing of; and the links in an older one. */
import { parse } from 'csv-parse/sync';
import { decode, delimiterOf } from './table.ts';

export interface ProgressRow {
  readonly name: string;
  readonly tenant: string;
  readonly connection: string;
  readonly state: string;
  /** The link; empty where it was shown before and is not in the list that was kept, and where none is needed. */
  readonly invitation: string;
  readonly expires_at: string;
}

export const columns = ['name', 'tenant', 'connection', 'state', 'invitation', 'expires_at'] as const;

export const progressHeader = `${columns.join(',')}\n`;

export const progressLine = (row: ProgressRow): string =>
  `${columns.map((name) => cell(row[name])).join(',')}\n`;

/** What begins like a formula becomes text by an apostrophe in front (OWASP, CSV injection). */
function cell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return text !== value || /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The rows of a list as it was written, or as a spreadsheet has saved it since; undefined for whatever is no such list.
 * What a full disk has cut off is passed over.
 */
export function readProgress(bytes: Uint8Array): readonly ProgressRow[] | undefined {
  const text = decode(bytes);
  if (text === undefined) return undefined;
  const [header = [], ...records] = parse(text, {
    delimiter: delimiterOf(text),
    relax_column_count: true,
    relax_quotes: true,
    skip_records_with_error: true,
  });
  const names = header.map((name) => name.trim().toLowerCase());
  if (names.toSorted().join() !== columns.toSorted().join()) return undefined;
  return records
    .map((record) => {
      const at = (name: keyof ProgressRow) => textOf(record[names.indexOf(name)] ?? '');
      return Object.fromEntries(columns.map((name) => [name, at(name)])) as unknown as ProgressRow;
    })
    .filter(({ connection }) => connection.startsWith('con_'));
}

const textOf = (cell: string): string => (/^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell);

/** By connection: the link that was told last. */
export const linksIn = (rows: readonly ProgressRow[]): ReadonlyMap<string, string> =>
  new Map(
    rows.flatMap(({ connection, invitation }): [string, string][] =>
      /^https?:\/\//.test(invitation) ? [[connection, invitation]] : [],
    ),
  );

/** Each connection once, in the place where it came first, as it was told last. */
export const latestOf = (rows: readonly ProgressRow[]): readonly ProgressRow[] => [
  ...new Map(rows.map((row) => [row.connection, row])).values(),
];
