/** `sojourn client secrets`: a client may have two, so that a new one can be rolled out while the old one still works. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, apiPath } from '../admin.ts';
import { type CommandGroup, type OptionSpec, text } from '../command.ts';
import { columns, type Json, record } from '../print.ts';

/** The hint below a new secret. */
export const secretHint = (answer: Json): string =>
  typeof answer.client_secret === 'string'
    ? '\nSave the client secret now. The server stores only its hash and never shows it again.\n'
    : '';

const expiresOption: OptionSpec = {
  flags: '--expires-at <time>',
  description: 'expiry time, such as 2027-01-31T02:00:00Z',
};

export const clientSecrets: CommandGroup = {
  name: 'secrets',
  description: "manage a client's secrets (at most two)",
  commands: [
    adminCommand({
      usage: 'create <client>',
      description: 'create another secret and show it once',
      options: [expiresOption],
      examples: [
        'client secrets create cli_01k0…',
        'client secrets create cli_01k0… --expires-at 2027-01-31T00:00:00Z',
      ],
      request: (args) => ({
        method: 'POST',
        path: apiPath`/clients/${args.positionals[0]}/secrets`,
        body: { expires_at: text(args, 'expiresAt') },
      }),
      format: (answer) => record(answer) + secretHint(answer),
    }),
    adminCommand({
      usage: 'rotate <client>',
      description: 'create a new secret; the old one expires after the first use of the new one',
      options: [
        expiresOption,
        {
          flags: '--grace <seconds>',
          description: 'how long the old secret works after that first use',
          defaultValue: '3600',
        },
      ],
      examples: ['client secrets rotate cli_01k0…', 'client secrets rotate cli_01k0… --grace 86400'],
      request: (args) => ({
        method: 'POST',
        path: apiPath`/clients/${args.positionals[0]}/secrets`,
        body: {
          expires_at: text(args, 'expiresAt'),
          replace: true,
          grace_seconds: Number(text(args, 'grace')),
        },
      }),
      format: (answer) => record(answer) + secretHint(answer),
    }),
    adminCommand<Answers['Client']>({
      usage: 'list <client>',
      description: 'list the secrets, without their values',
      examples: ['client secrets list cli_01k0…'],
      request: ({ positionals }) => ({ method: 'GET', path: apiPath`/clients/${positionals[0]}` }),
      format: ({ secrets }) =>
        columns(Array.isArray(secrets) ? secrets : [], [
          'id',
          'created_at',
          'expires_at',
          'last_used_at',
          'replaces.id',
        ]),
    }),
    adminCommand({
      usage: 'delete <client> <secret>',
      description: 'delete a secret; it stops working at once',
      examples: ['client secrets delete cli_01k0… sec_01k0…'],
      request: ({ positionals }) => ({
        method: 'DELETE',
        path: apiPath`/clients/${positionals[0]}/secrets/${positionals[1]}`,
      }),
      format: (_, { positionals }) => `Deleted ${positionals[1]}.\n`,
    }),
  ],
};
