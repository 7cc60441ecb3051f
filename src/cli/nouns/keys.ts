/** `sojourn keys`: the signing keys. */
import { adminCommand, at, itemsOf } from '../admin.ts';
import type { Noun } from '../command.ts';
import { columns, type Json } from '../print.ts';

const tellKeys = (answer: Json): string =>
  columns(itemsOf(answer), [
    'kid',
    'alg',
    'state',
    'published_at',
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
      ask: () => ({ method: 'GET', path: '/keys' }),
      tell: tellKeys,
    }),
    adminCommand({
      usage: 'rotate',
      about: 'let the published next keys sign from now on',
      examples: ['keys rotate'],
      ask: () => ({ method: 'POST', path: '/keys/rotate' }),
      tell: tellKeys,
    }),
    adminCommand({
      usage: 'revoke <kid>',
      about: 'take a key out of the JWKS for good: tokens it signed are refused once caches are renewed',
      examples: ['keys revoke 0rTzO…'],
      ask: ({ args }) => ({ method: 'POST', path: at`/keys/${args[0]}/revoke` }),
      tell: (_, { args }) => `Revoked ${args[0]}.\n`,
    }),
  ],
};
