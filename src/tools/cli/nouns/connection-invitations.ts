/** `sojourn connection invite` and `connection invitations`: links for the customer's administrator. */
import { adminCommand, at, itemsOf, more, pageOptions, pageQuery } from '../admin.ts';
import { type Noun, text, texts } from '../command.ts';
import { cell, columns } from '../print.ts';

export const connectionInvite = adminCommand({
  usage: 'invite <id>',
  about: "make a link to the page for the customer's administrator; it is shown this once",
  options: [
    { flags: '--expires-in <duration>', about: 'how long it is good for, 1m to 30d (7d)' },
    {
      flags: '--permissions <set>',
      about: 'permission set of the configuration that its files grant; may be repeated',
      many: true,
    },
  ],
  examples: ['connection invite con_01k0…', 'connection invite con_01k0… --expires-in 24h --json'],
  ask: (given) => ({
    method: 'POST',
    path: at`/connections/${given.args[0]}/invitations`,
    body: {
      expires_in: text(given, 'expiresIn'),
      ...(texts(given, 'permissions').length > 0 ? { permissions: texts(given, 'permissions') } : {}),
    },
  }),
  tell: ({ url, expires_at }) =>
    `${cell(url)}\n\nGood until ${cell(expires_at)}. Send it to the customer's cloud administrator, and to nobody else:\nwhoever has it can report where the connection leads, and pause it.\n`,
});

export const connectionInvitations: Noun = {
  name: 'invitations',
  about: 'the links of a connection that have not ended',
  commands: [
    adminCommand({
      usage: 'list <connection>',
      about: 'list them by id and purpose, never their links',
      options: pageOptions,
      examples: ['connection invitations list con_01k0…'],
      ask: (given) => ({
        method: 'GET',
        path: at`/connections/${given.args[0]}/invitations`,
        query: pageQuery(given),
      }),
      tell: (answer) =>
        columns(itemsOf(answer), ['id', 'purpose', 'created_at', 'expires_at', 'reported_at']) +
        more(answer, '--after'),
    }),
    adminCommand({
      usage: 'revoke <connection> <invitation>',
      about: 'make a link worthless at once',
      examples: ['connection invitations revoke con_01k0… 4BzPg…'],
      ask: ({ args }) => ({ method: 'DELETE', path: at`/connections/${args[0]}/invitations/${args[1]}` }),
      tell: (_, { args }) => `Revoked ${args[1]}.\n`,
    }),
  ],
};
