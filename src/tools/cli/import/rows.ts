/** What a line of the file wants: a connection, in the words of the admin API. Pure. */
import { clouds } from '../../../clouds/index.ts';
import type { Fault } from '../../../platform/errors/index.ts';
import { faultsIn, labelsField, nameField } from '../../../platform/validation/index.ts';
import { readTable, type TableRow } from './table.ts';

export interface ImportRow {
  readonly line: number;
  readonly name: string;
  /** An id, or a name. */
  readonly tenant: string;
  readonly target: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** The external id is what the access had until now. Nothing is done with it, and it is sent nowhere. */
const columns = {
  known: ['name', 'tenant', 'role_arn', 'account_id', 'external_id', 'region', 'labels'],
  required: ['name', 'tenant'],
};

/** By it the account of a connection is known before its role is. */
export const accountLabel = 'aws-account';

export function readRows(bytes: Uint8Array): { wanted: readonly ImportRow[]; faults: readonly Fault[] } {
  const { rows, faults } = readTable(bytes, columns);
  const read = rows.map(readRow);
  return {
    wanted: read.map((one) => one.wanted),
    faults: [
      ...faults,
      ...read.flatMap((one) => one.faults),
      ...duplicateRoles(read.map((one) => one.wanted)),
    ].toSorted((one, other) => lineIn(one) - lineIn(other)),
  };
}

const lineIn = ({ path }: Fault): number => Number(/\d+/.exec(path)?.[0] ?? 0);

function readRow({ line, cells }: TableRow): { wanted: ImportRow; faults: readonly Fault[] } {
  const { name = '', tenant = '', role_arn = '', account_id = '', region = '', labels: list = '' } = cells;
  const target = { ...(role_arn ? { role_arn } : {}), ...(region ? { region } : {}) };
  const account = role_arn.split(':')[4] || account_id;
  const given = list.split(/\s+/).filter(Boolean);
  const labels = {
    ...Object.fromEntries(given.map((label) => label.split(/=(.*)/s).slice(0, 2))),
    ...(/^\d{12}$/.test(account) ? { [accountLabel]: account } : {}),
  } as Record<string, string>;
  const faults = [
    ...faultsIn(nameField, name, 'name'),
    ...faultsIn(nameField, tenant, 'tenant'),
    ...faultsIn(clouds.aws.target, target),
    ...(given.every((label) => label.includes('='))
      ? faultsIn(labelsField, labels, 'labels')
      : [{ path: 'labels', message: 'must be name=value, with blanks between them' }]),
    ...faultsInAccount(account_id, role_arn),
  ];
  return {
    wanted: { line, name, tenant, target, labels },
    faults: faults.map(({ path, message }) => ({ path: `line ${line}, ${path}`, message })),
  };
}

function faultsInAccount(account: string, role: string): Fault[] {
  if (account === '')
    return role === ''
      ? [{ path: 'role_arn', message: 'is missing, and so is account_id: give one of them' }]
      : [];
  if (!/^\d{12}$/.test(account))
    return [
      { path: 'account_id', message: 'must be 12 digits; a spreadsheet may have dropped the zeros in front' },
    ];
  if (role === '' || role.split(':')[4] === account) return [];
  return [{ path: 'account_id', message: 'must be the account of role_arn' }];
}

function duplicateRoles(wanted: readonly ImportRow[]): Fault[] {
  const first = new Map<string, number>();
  return wanted.flatMap(({ line, target: { role_arn } }) => {
    if (role_arn === undefined) return [];
    const before = first.get(role_arn);
    if (before === undefined) first.set(role_arn, line);
    return before === undefined
      ? []
      : [{ path: `line ${line}, role_arn`, message: `is the same as in line ${before}` }];
  });
}
