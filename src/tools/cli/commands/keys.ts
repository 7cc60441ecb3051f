/** `sojourn keys`: the signing keys. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, itemsOf } from '../admin.ts';
import { type CommandGroup, isSet, type OptionSpec, text } from '../command.ts';
import { columns } from '../print.ts';
import { keysExport } from './keys-export.ts';
import { keysRekey } from './keys-rekey.ts';
import { keysImpact, keysRevoke } from './keys-revoke.ts';

const tenantOption: OptionSpec = {
  flags: '--tenant <id>',
  description: "this tenant's own keys instead of the shared keys",
};

const formatKeys = (answer: Answers['KeyList']): string =>
  columns(itemsOf(answer), [
    'kid',
    'alg',
    'state',
    'published_at',
    'activate_at',
    'activated_at',
    'retired_at',
    'revoked_at',
  ]);

export const keys: CommandGroup = {
  name: 'keys',
  description: 'manage signing keys',
  commands: [
    adminCommand<Answers['KeyList']>({
      usage: 'list',
      description: 'list keys and their states',
      examples: ['keys list'],
      options: [tenantOption],
      request: (args) => ({ method: 'GET', path: '/keys', query: { tenant: text(args, 'tenant') } }),
      format: formatKeys,
    }),
    adminCommand<Answers['KeyList']>({
      usage: 'rotate',
      description: 'activate the next keys, now or at a scheduled time',
      options: [
        { flags: '--at <time>', description: 'schedule the rotation, such as 2027-01-31T02:00:00Z' },
        tenantOption,
        { flags: '--override', description: 'rotate even if some verifiers do not have the next keys yet' },
      ],
      examples: ['keys rotate', 'keys rotate --at 2027-01-31T02:00:00Z'],
      request: (args) => ({
        method: 'POST',
        path: '/keys/rotate',
        body: {
          tenant: text(args, 'tenant'),
          activate_at: text(args, 'at'),
          ...(isSet(args, 'override') ? { override: true } : {}),
        },
      }),
      format: formatKeys,
    }),
    adminCommand<Answers['KeyList']>({
      usage: 'cancel-rotation',
      description: 'cancel a scheduled rotation; the regular schedule applies',
      examples: ['keys cancel-rotation'],
      options: [tenantOption],
      request: (args) => ({
        method: 'POST',
        path: '/keys/cancel-rotation',
        body: { tenant: text(args, 'tenant') },
      }),
      format: formatKeys,
    }),
    keysRevoke,
    keysRekey,
    keysImpact,
    keysExport,
  ],
};
