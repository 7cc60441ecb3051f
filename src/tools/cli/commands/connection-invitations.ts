/** `sojourn connection invite` and `connection invitations`: links for the customer's administrator. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, apiPath, itemsOf, nextPageHint, pageOptions, pageQuery } from '../admin.ts';
import { type CommandGroup, text, texts } from '../command.ts';
import { cell, columns } from '../print.ts';

export const connectionInvite = adminCommand<Answers['NewInvitation']>({
  usage: 'invite <id>',
  description: "create a link for the customer's administrator and show it once",
  options: [
    { flags: '--expires-in <duration>', description: 'validity of the link, 1m to 30d (default: 7d)' },
    {
      flags: '--permissions <set>',
      description: 'permission set of the configuration for the set-up files (repeatable)',
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
    `${cell(url)}\n\nValid until ${cell(expires_at)}. Send the link only to the customer's cloud administrator:\nanyone who has it can set the target of the connection and pause it.\n`,
});

export const connectionInvitations: CommandGroup = {
  name: 'invitations',
  description: "manage a connection's unexpired links",
  commands: [
    adminCommand<Answers['InvitationPage']>({
      usage: 'list <connection>',
      description: 'list invitations and control links, without their URLs',
      options: pageOptions,
      examples: ['connection invitations list con_01k0…'],
      request: (args) => ({
        method: 'GET',
        path: apiPath`/connections/${args.positionals[0]}/invitations`,
        query: pageQuery(args),
      }),
      format: (answer) =>
        columns(itemsOf(answer), ['id', 'type', 'created_at', 'expires_at', 'reported_at']) +
        nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'revoke <connection> <invitation>',
      description: 'revoke a link; it stops working at once',
      examples: ['connection invitations revoke con_01k0… 4BzPg…'],
      request: ({ positionals }) => ({
        method: 'DELETE',
        path: apiPath`/connections/${positionals[0]}/invitations/${positionals[1]}`,
      }),
      format: (_, { positionals }) => `Revoked ${positionals[1]}.\n`,
    }),
  ],
};
