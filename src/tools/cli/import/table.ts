/** Parses a CSV file (RFC 4180, and variants that spreadsheets write) into rows with line numbers. Pure. */
import { CsvError, parse } from 'csv-parse/sync';
import type { Fault } from '../../../platform/errors/index.ts';

export interface TableRow {
  /** Number of its first line; a cell may contain line breaks. */
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
  if (!header)
    return refused('line 1', `must be a header with some of the columns ${columns.known.join(', ')}`);
  const names = header.record.map((name) => name.trim().toLowerCase());
  const faults = faultsInHeader(names, columns);
  if (faults.length > 0) return { rows: [], faults };
  if (records.length === 0) return refused('file', 'must have rows below its header');
  if (records.length > maxRows) return refused('file', `must have at most ${maxRows} rows`);
  return {
    rows: records.map(({ line, record }) => ({
      line,
      cells: Object.fromEntries(names.map((name, index) => [name, (record[index] ?? '').trim()])),
    })),
    faults: records.flatMap(({ line, record }) =>
      record.length === names.length
        ? []
        : [
            {
              path: `line ${line}`,
              message: `must have ${names.length} cells like the header, but has ${record.length}`,
            },
          ],
    ),
  };
}

const refused = (path: string, message: string): Table => ({ rows: [], faults: [{ path, message }] });

/** Decodes UTF-8 and removes the byte order mark; undefined if the bytes are not UTF-8. */
export function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Detects the delimiter in the header, whose names contain none of the candidates. Spreadsheets write semicolons in locales
 * with a decimal comma.
 */
export const delimiterOf = (text: string): string => {
  const [header = ''] = text.split(/[\r\n]/, 1);
  const countOf = (delimiter: string) => header.split(delimiter).length;
  return [',', ';', '\t'].toSorted((first, second) => countOf(second) - countOf(first))[0]!;
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
        ? 'has an unclosed quote'
        : 'has a quote inside a cell: enclose the cell in quotes and double the quotes inside it';
    return { path: `line ${Number(error.lines) || line}`, message };
  }
}

function faultsInHeader(names: readonly string[], { known, required }: Columns): Fault[] {
  const fault = (message: string) => ({ path: 'line 1', message });
  return [
    ...required.filter((name) => !names.includes(name)).map((name) => fault(`must have a column ${name}`)),
    ...names
      .filter((name) => !known.includes(name))
      .map((name) => fault(`has an unknown column "${name}"; known columns are ${known.join(', ')}`)),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => fault(`has the column ${name} twice`)),
  ];
}
