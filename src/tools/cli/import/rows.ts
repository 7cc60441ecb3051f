/** Validates the rows of the file and turns them into connections as the admin API expects them. Pure. */
import type { Fault } from '../../../platform/errors/index.ts';
import { labelsField, nameField, validate } from '../../../platform/validation/index.ts';
import type { ImportedCloud } from './cloud.ts';
import { readTable, type TableRow } from './table.ts';

export interface ImportRow {
  readonly line: number;
  readonly name: string;
  /** Id or name. */
  readonly tenant: string;
  readonly target: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, string>>;
}

export function readRows(
  bytes: Uint8Array,
  cloud: ImportedCloud,
): { rows: readonly ImportRow[]; faults: readonly Fault[] } {
  const { columns, uniqueField } = cloud.tableImport;
  const table = readTable(bytes, {
    known: ['name', 'tenant', ...columns, 'labels'],
    required: ['name', 'tenant'],
  });
  const results = table.rows.map((row) => readRow(row, cloud));
  const rows = results.map(({ row }) => row);
  return {
    rows,
    faults: [
      ...table.faults,
      ...results.flatMap(({ faults }) => faults),
      ...(uniqueField === undefined ? [] : duplicates(rows, uniqueField)),
    ].toSorted((first, second) => lineOf(first) - lineOf(second)),
  };
}

const lineOf = ({ path }: Fault): number => Number(/\d+/.exec(path)?.[0] ?? 0);

function readRow(
  { line, cells }: TableRow,
  { target: targetSchema, tableImport }: ImportedCloud,
): { row: ImportRow; faults: readonly Fault[] } {
  const { name = '', tenant = '', labels: list = '' } = cells;
  const target = tableImport.targetOf(cells);
  const pairs = list.split(/\s+/).filter(Boolean);
  const labels = {
    ...Object.fromEntries(pairs.map((label) => label.split(/=(.*)/s).slice(0, 2))),
    ...tableImport.labelsOf(cells),
  } as Record<string, string>;
  const faults = [
    ...validate(nameField, name, 'name').faults,
    ...validate(nameField, tenant, 'tenant').faults,
    ...validate(targetSchema, target).faults,
    ...(pairs.every((label) => label.includes('='))
      ? validate(labelsField, labels, 'labels').faults
      : [{ path: 'labels', message: 'must be name=value pairs, separated by spaces' }]),
    ...tableImport.faultsIn(cells),
  ];
  return {
    row: { line, name, tenant, target, labels },
    faults: faults.map(({ path, message }) => ({ path: `line ${line}, ${path}`, message })),
  };
}

function duplicates(rows: readonly ImportRow[], field: string): Fault[] {
  const firstLines = new Map<unknown, number>();
  return rows.flatMap(({ line, target: { [field]: value } }) => {
    if (value === undefined) return [];
    const firstLine = firstLines.get(value);
    if (firstLine === undefined) firstLines.set(value, line);
    return firstLine === undefined
      ? []
      : [{ path: `line ${line}, ${field}`, message: `is the same as in line ${firstLine}` }];
  });
}
