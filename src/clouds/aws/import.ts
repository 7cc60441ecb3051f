/** The columns of a table of AWS accounts. */
import type { Fault } from '../../platform/errors/index.ts';
import type { Cells, TableImport } from '../contract/index.ts';

/** Names the AWS account of a connection before its role is known. */
const accountLabel = 'aws-account';

const accountOf = (role: string): string | undefined => role.split(':')[4];
const isAccount = (text: string): boolean => /^\d{12}$/.test(text);

export const tableImport: TableImport = {
  // `external_id` belongs to the access that the connection replaces. It is accepted and ignored.
  columns: ['role_arn', 'account_id', 'external_id', 'region'],
  uniqueField: 'role_arn',

  targetOf: ({ role_arn = '', region = '' }) => ({
    ...(role_arn ? { role_arn } : {}),
    ...(region ? { region } : {}),
  }),

  labelsOf({ role_arn = '', account_id = '' }) {
    const account = accountOf(role_arn) || account_id;
    return isAccount(account) ? { [accountLabel]: account } : {};
  },

  faultsIn,

  conflictOf({ target, labels }, existing) {
    const { role_arn } = target;
    const existingRole = existing.target.role_arn;
    if (role_arn !== undefined && existingRole !== undefined && existingRole !== role_arn)
      return {
        path: 'role_arn',
        message: `differs from the role of ${existing.id}, ${String(existingRole)}`,
      };
    if (typeof existingRole === 'string' && accountOf(existingRole) !== labels[accountLabel])
      return {
        path: 'account_id',
        message: `differs from the account of ${existing.id}, whose role is ${existingRole}`,
      };
    return undefined;
  },
};

function faultsIn({ role_arn: role = '', account_id: account = '' }: Cells): readonly Fault[] {
  if (account === '')
    return role === ''
      ? [{ path: 'role_arn', message: 'is missing, as is account_id; give one of them' }]
      : [];
  if (!isAccount(account))
    return [
      { path: 'account_id', message: 'must be 12 digits; a spreadsheet may have removed leading zeros' },
    ];
  if (role === '' || accountOf(role) === account) return [];
  return [{ path: 'account_id', message: 'must be the account of role_arn' }];
}
