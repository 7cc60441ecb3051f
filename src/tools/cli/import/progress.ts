/** The progress list as CSV that is safe to open in a spreadsheet, and the links in an existing list. */
import { parse } from 'csv-parse/sync';
import { decode, delimiterOf } from './table.ts';

export interface ProgressRow {
  readonly name: string;
  readonly tenant: string;
  readonly connection: string;
  readonly state: string;
  /** The link; empty if none is needed, or if the open link is not in the existing list (the server shows it only once). */
  readonly invitation: string;
  readonly expires_at: string;
}

export const columns = ['name', 'tenant', 'connection', 'state', 'invitation', 'expires_at'] as const;

export const progressHeader = `${columns.join(',')}\n`;

export const progressLine = (row: ProgressRow): string =>
  `${columns.map((name) => cell(row[name])).join(',')}\n`;

/** Prefixes an apostrophe to a value that a spreadsheet would read as a formula (OWASP, CSV injection). */
function cell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return text !== value || /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Reads a list that was written here, or saved by a spreadsheet since; undefined if it is not a progress list. Skips a row
 * that a full disk truncated.
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
      const memberOf = (name: keyof ProgressRow) => textOf(record[names.indexOf(name)] ?? '');
      return Object.fromEntries(columns.map((name) => [name, memberOf(name)])) as unknown as ProgressRow;
    })
    .filter(({ connection }) => connection.startsWith('con_'));
}

const textOf = (cell: string): string => (/^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell);

/** The latest link of each connection. */
export const linksIn = (rows: readonly ProgressRow[]): ReadonlyMap<string, string> =>
  new Map(
    rows.flatMap(({ connection, invitation }): [string, string][] =>
      /^https?:\/\//.test(invitation) ? [[connection, invitation]] : [],
    ),
  );

/** The latest row of each connection, in the order in which the connections first occur. */
export const latestOf = (rows: readonly ProgressRow[]): readonly ProgressRow[] => [
  ...new Map(rows.map((row) => [row.connection, row])).values(),
];
