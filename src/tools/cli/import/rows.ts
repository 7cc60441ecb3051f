/** Validates the rows of the file and turns them into connections as the admin API expects them. Pure. */
import { clouds } from '../../../clouds/index.ts';
import type { Fault } from '../../../platform/errors/index.ts';
import { labelsField, nameField, validate } from '../../../platform/validation/index.ts';
import { readTable, type TableRow } from './table.ts';

export interface ImportRow {
  readonly line: number;
  readonly name: string;
  /** Id or name. */
  readonly tenant: string;
  readonly target: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** `external_id` belongs to the access that the connection replaces. It is accepted and ignored. */
const columns = {
  known: ['name', 'tenant', 'role_arn', 'account_id', 'external_id', 'region', 'labels'],
  required: ['name', 'tenant'],
};

/** Names the AWS account of a connection before its role is known. */
export const accountLabel = 'aws-account';

export function readRows(bytes: Uint8Array): { rows: readonly ImportRow[]; faults: readonly Fault[] } {
  const table = readTable(bytes, columns);
  const results = table.rows.map(readRow);
  const rows = results.map(({ row }) => row);
  return {
    rows,
    faults: [...table.faults, ...results.flatMap(({ faults }) => faults), ...duplicateRoles(rows)].toSorted(
      (first, second) => lineOf(first) - lineOf(second),
    ),
  };
}

const lineOf = ({ path }: Fault): number => Number(/\d+/.exec(path)?.[0] ?? 0);

function readRow({ line, cells }: TableRow): { row: ImportRow; faults: readonly Fault[] } {
  const { name = '', tenant = '', role_arn = '', account_id = '', region = '', labels: list = '' } = cells;
  const target = { ...(role_arn ? { role_arn } : {}), ...(region ? { region } : {}) };
  const account = role_arn.split(':')[4] || account_id;
  const pairs = list.split(/\s+/).filter(Boolean);
  const labels = {
    ...Object.fromEntries(pairs.map((label) => label.split(/=(.*)/s).slice(0, 2))),
    ...(/^\d{12}$/.test(account) ? { [accountLabel]: account } : {}),
  } as Record<string, string>;
  const faults = [
    ...validate(nameField, name, 'name').faults,
    ...validate(nameField, tenant, 'tenant').faults,
    ...validate(clouds.aws.target, target).faults,
    ...(pairs.every((label) => label.includes('='))
      ? validate(labelsField, labels, 'labels').faults
      : [{ path: 'labels', message: 'must be name=value pairs, separated by spaces' }]),
    ...faultsInAccount(account_id, role_arn),
  ];
  return {
    row: { line, name, tenant, target, labels },
    faults: faults.map(({ path, message }) => ({ path: `line ${line}, ${path}`, message })),
  };
}

function faultsInAccount(account: string, role: string): Fault[] {
  if (account === '')
    return role === ''
      ? [{ path: 'role_arn', message: 'is missing, as is account_id; give one of them' }]
      : [];
  if (!/^\d{12}$/.test(account))
    return [
      { path: 'account_id', message: 'must be 12 digits; a spreadsheet may have removed leading zeros' },
    ];
  if (role === '' || role.split(':')[4] === account) return [];
  return [{ path: 'account_id', message: 'must be the account of role_arn' }];
}

function duplicateRoles(rows: readonly ImportRow[]): Fault[] {
  const firstLines = new Map<string, number>();
  return rows.flatMap(({ line, target: { role_arn } }) => {
    if (role_arn === undefined) return [];
    const firstLine = firstLines.get(role_arn);
    if (firstLine === undefined) firstLines.set(role_arn, line);
    return firstLine === undefined
      ? []
      : [{ path: `line ${line}, role_arn`, message: `is the same as in line ${firstLine}` }];
  });
}
