/** `sojourn claims`: previews a cloud token. */
import { adminCommand, apiPath } from '../admin.ts';
import type { CommandSpec } from '../command.ts';

export const claims: CommandSpec = adminCommand({
  usage: 'claims <connection>',
  description: 'preview the header and claims of a cloud token; signs nothing',
  examples: ['claims con_01k0…'],
  request: ({ positionals }) => ({ method: 'GET', path: apiPath`/connections/${positionals[0]}/claims` }),
  format: (answer) => `${JSON.stringify(answer, null, 2)}\n`,
});
