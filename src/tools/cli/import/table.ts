/** A CSV file (RFC 4180, and what spreadsheets make of it) as rows that know their lines. Pure. */
import { CsvError, parse } from 'csv-parse/sync';
import type { Fault } from '../../../platform/errors/index.ts';

export interface TableRow {
  /** Where it begins; a cell may hold line breaks. */
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

export interface Table {
  readonly rows: readonly TableRow[];
  readonly faults: readonly Fault[];
}

interface Columns {
  readonly known: readonly string[];
  readonly required: readonly string[];
}

const maxRows = 10_000;

/** @param bytes UTF-8, with a byte order mark or without */
export function readTable(bytes: Uint8Array, columns: Columns): Table {
  const text = decode(bytes);
  if (text === undefined) return refused('file', 'must be UTF-8: save it as “CSV UTF-8 (comma delimited)”');
  const parsed = parseRecords(text);
  if (!Array.isArray(parsed)) return { rows: [], faults: [parsed] };
  const [header, ...records] = parsed;
  if (!header) return refused('line 1', `must be a header, with columns among ${columns.known.join(', ')}`);
  const names = header.record.map((name) => name.trim().toLowerCase());
  const faults = faultsInHeader(names, columns);
  if (faults.length > 0) return { rows: [], faults };
  if (records.length === 0) return refused('file', 'has no line behind its header');
  if (records.length > maxRows) return refused('file', `must be ${maxRows} lines at most`);
  return {
    rows: records.map(({ line, record }) => ({
      line,
      cells: Object.fromEntries(names.map((name, at) => [name, (record[at] ?? '').trim()])),
    })),
    faults: records.flatMap(({ line, record }) =>
      record.length === names.length
        ? []
        : [
            {
              path: `line ${line}`,
              message: `must have ${names.length} cells, as the header, not ${record.length}`,
            },
          ],
    ),
  };
}

const refused = (path: string, message: string): Table => ({ rows: [], faults: [{ path, message }] });

/** Undefined when it is no UTF-8; without its byte order mark. */
export function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Where a comma is decimal, spreadsheets write semicolons; the header, which has neither in its names, tells. */
export const delimiterOf = (text: string): string => {
  const [header = ''] = text.split(/[\r\n]/, 1);
  return [',', ';', '\t'].toSorted((one, other) => header.split(other).length - header.split(one).length)[0]!;
};

function parseRecords(text: string): { line: number; record: string[] }[] | Fault {
  let line = 1;
  try {
    const records = parse(text, {
      delimiter: delimiterOf(text),
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
    }) as unknown as readonly { record: string[]; info: { lines: number } }[];
    const placed = records.map(({ record, info }) => {
      const begins = line;
      line = info.lines + 1;
      return { line: begins, record };
    });
    return placed.filter(({ record }) => record.some((cell) => cell.trim() !== ''));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const message =
      error.code === 'CSV_QUOTE_NOT_CLOSED'
        ? 'has a quote that is not closed'
        : 'has a quote in a cell: put the cell in quotes, and double those within';
    return { path: `line ${Number(error.lines) || line}`, message };
  }
}

function faultsInHeader(names: readonly string[], { known, required }: Columns): Fault[] {
  const told = (message: string) => ({ path: 'line 1', message });
  return [
    ...required.filter((name) => !names.includes(name)).map((name) => told(`has no column ${name}`)),
    ...names
      .filter((name) => !known.includes(name))
      .map((name) => told(`has a column "${name}" that is not among ${known.join(', ')}`)),
    ...names
      .filter((name, at) => names.indexOf(name) !== at)
      .map((name) => told(`has the column ${name} twice`)),
  ];
}
