/** `sojourn claims`: what a token would say. */
import { adminCommand, at } from '../admin.ts';
import type { CommandSpec } from '../command.ts';

export const claims: CommandSpec = adminCommand({
  usage: 'claims <connection>',
  about: 'show the header and claims of a token for the connection; nothing is signed',
  examples: ['claims con_01k0…'],
  ask: ({ args }) => ({ method: 'GET', path: at`/connections/${args[0]}/claims` }),
  tell: (answer) => `${JSON.stringify(answer, null, 2)}\n`,
});
