/** `sojourn approval`: clients' requests to use a connection, which an administrator grants or denies. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, apiPath, itemsOf, nextPageHint, pageOptions, pageQuery } from '../admin.ts';
import { type CommandGroup, text } from '../command.ts';
import { columns, record } from '../print.ts';

export const approval: CommandGroup = {
  name: 'approval',
  description: "manage approvals: clients' requests to use a connection",
  commands: [
    adminCommand<Answers['ApprovalPage']>({
      usage: 'list',
      description: 'list requests and decisions',
      options: [
        {
          flags: '--state <state>',
          description: 'only approvals in this state',
          choices: ['pending', 'granted', 'expired', 'denied', 'revoked'],
        },
        { flags: '--connection <id>', description: 'only approvals for this connection' },
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
      description: 'allow the client to use the connection for a limited time',
      options: [{ flags: '--for <duration>', description: '5m to 24h', required: true }],
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
      description: 'refuse the request, and new ones for a limited time',
      options: [{ flags: '--for <duration>', description: '5m to 30d', defaultValue: '1h' }],
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
      description: 'revoke a grant or a denial',
      examples: ['approval revoke apr_01k0…'],
      request: ({ positionals }) => ({ method: 'POST', path: apiPath`/approvals/${positionals[0]}/revoke` }),
      format: record,
    }),
  ],
};
