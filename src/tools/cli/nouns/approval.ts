/** `sojourn approval`: what clients ask for, and a second person decides. */
import { adminCommand, at, itemsOf, more, pageOptions, pageQuery } from '../admin.ts';
import { type Noun, text } from '../command.ts';
import { columns, record } from '../print.ts';

export const approval: Noun = {
  name: 'approval',
  about: 'uses of connections that a second person has to grant',
  commands: [
    adminCommand({
      usage: 'list',
      about: 'list what clients asked for, and what was decided',
      options: [
        {
          flags: '--state <state>',
          about: 'only those in this state',
          choices: ['pending', 'granted', 'ended', 'denied', 'revoked'],
        },
        { flags: '--connection <id>', about: 'only those for this connection' },
        ...pageOptions,
      ],
      examples: ['approval list --state pending', 'approval list --connection con_01k0… --json'],
      ask: (given) => ({
        method: 'GET',
        path: '/approvals',
        query: {
          state: text(given, 'state'),
          connection: text(given, 'connection'),
          ...pageQuery(given),
        },
      }),
      tell: (answer) =>
        columns(itemsOf(answer), [
          'id',
          'client',
          'connection',
          'state',
          'asked',
          'last_requested_at',
          'address',
          'until',
        ]) + more(answer, '--after'),
    }),
    adminCommand({
      usage: 'grant <id>',
      about: 'let the client use the connection for a time',
      options: [{ flags: '--for <duration>', about: 'from 5m to 24h', required: true }],
      examples: ['approval grant apr_01k0… --for 2h'],
      ask: (given) => ({
        method: 'POST',
        path: at`/approvals/${given.args[0]}/grant`,
        body: { for: text(given, 'for') },
      }),
      tell: record,
    }),
    adminCommand({
      usage: 'deny <id>',
      about: 'refuse it, and let it not be asked for again for a time',
      options: [{ flags: '--for <duration>', about: 'from 5m to 30d', initial: '1h' }],
      examples: ['approval deny apr_01k0…', 'approval deny apr_01k0… --for 1d'],
      ask: (given) => ({
        method: 'POST',
        path: at`/approvals/${given.args[0]}/deny`,
        body: { for: text(given, 'for') },
      }),
      tell: record,
    }),
    adminCommand({
      usage: 'revoke <id>',
      about: 'take a grant or a denial back, from now on',
      examples: ['approval revoke apr_01k0…'],
      ask: ({ args }) => ({ method: 'POST', path: at`/approvals/${args[0]}/revoke` }),
      tell: record,
    }),
  ],
};
