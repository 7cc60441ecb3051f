/** The list of what became of each line, as CSV that a spreadsheet can open and runs nothing of; and the links in an older one. */
import { parse } from 'csv-parse/sync';

export interface Progress {
  readonly name: string;
  readonly tenant: string;
  readonly connection: string;
  readonly state: string;
  /** The link; empty where it was shown before and is not in the list that was kept, and where none is needed. */
  readonly invitation: string;
  readonly expires_at: string;
}

const columns = ['name', 'tenant', 'connection', 'state', 'invitation', 'expires_at'] as const;

export const progressHeader = `${columns.join(',')}\n`;

export const progressLine = (row: Progress): string =>
  `${columns.map((name) => cell(row[name])).join(',')}\n`;

/** What begins like a formula becomes text by an apostrophe in front (OWASP, CSV injection). */
function cell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return text !== value || /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** By connection: the link that was told last. Whatever else stands there is passed over. */
export function linksIn(text: string): ReadonlyMap<string, string> {
  const rows = parse(text, { relax_column_count: true, relax_quotes: true, skip_records_with_error: true });
  return new Map(
    rows.flatMap(([, , connection = '', , invitation = '']): [string, string][] =>
      connection.startsWith('con_') && /^https?:\/\//.test(invitation) ? [[connection, invitation]] : [],
    ),
  );
}
