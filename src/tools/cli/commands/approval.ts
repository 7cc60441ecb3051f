/** `sojourn approval`: what clients ask for, and a second person decides. */
import { adminCommand, apiPath, itemsOf, nextPageHint, pageOptions, pageQuery } from '../admin.ts';
import { type CommandGroup, text } from '../command.ts';
import { columns, record } from '../print.ts';

export const approval: CommandGroup = {
  name: 'approval',
  description: 'uses of connections that a second person has to grant',
  commands: [
    adminCommand({
      usage: 'list',
      description: 'list what clients asked for, and what was decided',
      options: [
        {
          flags: '--state <state>',
          description: 'only those in this state',
          choices: ['pending', 'granted', 'expired', 'denied', 'revoked'],
        },
        { flags: '--connection <id>', description: 'only those for this connection' },
        ...pageOptions,
      ],
      examples: ['approval list --state pending', 'approval list --connection con_01k0… --json'],
      request: (args) => ({
        method: 'GET',
        path: '/approvals',
        query: {
          state: text(args, 'state'),
          connection: text(args, 'connection'),
          ...pageQuery(args),
        },
      }),
      format: (answer) =>
        columns(itemsOf(answer), [
          'id',
          'client',
          'connection',
          'state',
          'request_count',
          'last_requested_at',
          'source_ip',
          'expires_at',
        ]) + nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'grant <id>',
      description: 'let the client use the connection for a time',
      options: [{ flags: '--for <duration>', description: 'from 5m to 24h', required: true }],
      examples: ['approval grant apr_01k0… --for 2h'],
      request: (args) => ({
        method: 'POST',
        path: apiPath`/approvals/${args.positionals[0]}/grant`,
        body: { duration: text(args, 'for') },
      }),
      format: record,
    }),
    adminCommand({
      usage: 'deny <id>',
      description: 'refuse it, and let it not be asked for again for a time',
      options: [{ flags: '--for <duration>', description: 'from 5m to 30d', defaultValue: '1h' }],
      examples: ['approval deny apr_01k0…', 'approval deny apr_01k0… --for 1d'],
      request: (args) => ({
        method: 'POST',
        path: apiPath`/approvals/${args.positionals[0]}/deny`,
        body: { duration: text(args, 'for') },
      }),
      format: record,
    }),
    adminCommand({
      usage: 'revoke <id>',
      description: 'take a grant or a denial back, from now on',
      examples: ['approval revoke apr_01k0…'],
      request: ({ positionals }) => ({ method: 'POST', path: apiPath`/approvals/${positionals[0]}/revoke` }),
      format: record,
    }),
  ],
};
