/** `sojourn keys`: the signing keys. */
import { adminCommand, itemsOf } from '../admin.ts';
import { flag, type Noun, type OptionSpec, text } from '../command.ts';
import { columns, type Json } from '../print.ts';
import { keysExport } from './keys-export.ts';
import { keysRekey } from './keys-rekey.ts';
import { keysImpact, keysRevoke } from './keys-revoke.ts';

const tenantOption: OptionSpec = {
  flags: '--tenant <id>',
  about: 'the keys of this tenant instead of the shared ones',
};

const tellKeys = (answer: Json): string =>
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

export const keys: Noun = {
  name: 'keys',
  about: 'the signing keys',
  commands: [
    adminCommand({
      usage: 'list',
      about: 'list the keys with their states',
      examples: ['keys list'],
      options: [tenantOption],
      ask: (given) => ({ method: 'GET', path: '/keys', query: { tenant: text(given, 'tenant') } }),
      tell: tellKeys,
    }),
    adminCommand({
      usage: 'rotate',
      about: 'let the published next keys sign, from now on or from a time on',
      options: [
        { flags: '--at <time>', about: 'plan it for then: 2027-01-31T02:00:00Z' },
        tenantOption,
        { flags: '--override', about: 'also where verifiers would not find the keys yet' },
      ],
      examples: ['keys rotate', 'keys rotate --at 2027-01-31T02:00:00Z'],
      ask: (given) => ({
        method: 'POST',
        path: '/keys/rotate',
        body: {
          tenant: text(given, 'tenant'),
          at: text(given, 'at'),
          ...(flag(given, 'override') ? { override: true } : {}),
        },
      }),
      tell: tellKeys,
    }),
    adminCommand({
      usage: 'cancel-rotation',
      about: 'take a planned rotation back; the next keys sign in their turn',
      examples: ['keys cancel-rotation'],
      options: [tenantOption],
      ask: (given) => ({
        method: 'POST',
        path: '/keys/cancel-rotation',
        body: { tenant: text(given, 'tenant') },
      }),
      tell: tellKeys,
    }),
    keysRevoke,
    keysRekey,
    keysImpact,
    keysExport,
  ],
};
