/** Validates the rows of the file and turns them into connections as the admin API expects them. Pure. */
import type { Fault } from '../../../platform/errors/index.ts';
import { labelsField, nameField, validate } from '../../../platform/validation/index.ts';
import { cloud, tableImport } from './cloud.ts';
import { readTable, type TableRow } from './table.ts';

export interface ImportRow {
  readonly line: number;
  readonly name: string;
  /** Id or name. */
  readonly tenant: string;
  readonly target: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

const columns = {
  known: ['name', 'tenant', ...tableImport.columns, 'labels'],
  required: ['name', 'tenant'],
};

export function readRows(bytes: Uint8Array): { rows: readonly ImportRow[]; faults: readonly Fault[] } {
  const table = readTable(bytes, columns);
  const results = table.rows.map(readRow);
  const rows = results.map(({ row }) => row);
  return {
    rows,
    faults: [...table.faults, ...results.flatMap(({ faults }) => faults), ...duplicates(rows)].toSorted(
      (first, second) => lineOf(first) - lineOf(second),
    ),
  };
}

const lineOf = ({ path }: Fault): number => Number(/\d+/.exec(path)?.[0] ?? 0);

function readRow({ line, cells }: TableRow): { row: ImportRow; faults: readonly Fault[] } {
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
    ...validate(cloud.target, target).faults,
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

function duplicates(rows: readonly ImportRow[]): Fault[] {
  const field = tableImport.uniqueField;
  const firstLines = new Map<string, number>();
  return rows.flatMap(({ line, target: { [field]: value } }) => {
    if (value === undefined) return [];
    const firstLine = firstLines.get(value);
    if (firstLine === undefined) firstLines.set(value, line);
    return firstLine === undefined
      ? []
      : [{ path: `line ${line}, ${field}`, message: `is the same as in line ${firstLine}` }];
  });
}
