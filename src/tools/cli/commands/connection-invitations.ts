/** `sojourn connection invite` and `connection invitations`: links for the customer's administrator. */
import { adminCommand, apiPath, itemsOf, nextPageHint, pageOptions, pageQuery } from '../admin.ts';
import { type CommandGroup, text, texts } from '../command.ts';
import { cell, columns } from '../print.ts';

export const connectionInvite = adminCommand({
  usage: 'invite <id>',
  description: "make a link to the page for the customer's administrator; it is shown this once",
  options: [
    { flags: '--expires-in <duration>', description: 'how long it is good for, 1m to 30d (7d)' },
    {
      flags: '--permissions <set>',
      description: 'permission set of the configuration that its files grant; may be repeated',
      repeatable: true,
    },
  ],
  examples: ['connection invite con_01k0…', 'connection invite con_01k0… --expires-in 24h --json'],
  request: (args) => ({
    method: 'POST',
    path: apiPath`/connections/${args.positionals[0]}/invitations`,
    body: {
      expires_in: text(args, 'expiresIn'),
      ...(texts(args, 'permissions').length > 0 ? { permissions: texts(args, 'permissions') } : {}),
    },
  }),
  format: ({ url, expires_at }) =>
    `${cell(url)}\n\nGood until ${cell(expires_at)}. Send it to the customer's cloud administrator, and to nobody else:\nwhoever has it can report where the connection leads, and pause it.\n`,
});

export const connectionInvitations: CommandGroup = {
  name: 'invitations',
  description: 'the links of a connection that have not ended',
  commands: [
    adminCommand({
      usage: 'list <connection>',
      description: 'list them by id and purpose, never their links',
      options: pageOptions,
      examples: ['connection invitations list con_01k0…'],
      request: (args) => ({
        method: 'GET',
        path: apiPath`/connections/${args.positionals[0]}/invitations`,
        query: pageQuery(args),
      }),
      format: (answer) =>
        columns(itemsOf(answer), ['id', 'purpose', 'created_at', 'expires_at', 'reported_at']) +
        nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'revoke <connection> <invitation>',
      description: 'make a link worthless at once',
      examples: ['connection invitations revoke con_01k0… 4BzPg…'],
      request: ({ positionals }) => ({
        method: 'DELETE',
        path: apiPath`/connections/${positionals[0]}/invitations/${positionals[1]}`,
      }),
      format: (_, { positionals }) => `Revoked ${positionals[1]}.\n`,
    }),
  ],
};
