/** `sojourn client secrets`: two at a time, so that a new one is rolled out while the old one still works. */
import { adminCommand, apiPath } from '../admin.ts';
import { type CommandGroup, type OptionSpec, text } from '../command.ts';
import { columns, type Json, record } from '../print.ts';

/** The sentence that goes with a secret. */
export const secretHint = (answer: Json): string =>
  typeof answer.client_secret === 'string'
    ? '\nKeep the client secret now: only its hash is stored, and it is never shown again.\n'
    : '';

const expiresOption: OptionSpec = {
  flags: '--expires <time>',
  description: 'when it ends by itself: 2027-01-31T02:00:00Z',
};

export const clientSecrets: CommandGroup = {
  name: 'secrets',
  description: 'the secrets of a client, two at most',
  commands: [
    adminCommand({
      usage: 'create <client>',
      description: 'make another secret; it is shown this once',
      options: [expiresOption],
      examples: [
        'client secrets create cli_01k0…',
        'client secrets create cli_01k0… --expires 2027-01-31T00:00:00Z',
      ],
      request: (args) => ({
        method: 'POST',
        path: apiPath`/clients/${args.positionals[0]}/secrets`,
        body: { expires_at: text(args, 'expires') },
      }),
      format: (answer) => record(answer) + secretHint(answer),
    }),
    adminCommand({
      usage: 'rotate <client>',
      description: 'make a new secret; the one that is there ends once the new one has been seen in use',
      options: [
        expiresOption,
        {
          flags: '--grace <seconds>',
          description: 'how long the old one still works from then on',
          defaultValue: '3600',
        },
      ],
      examples: ['client secrets rotate cli_01k0…', 'client secrets rotate cli_01k0… --grace 86400'],
      request: (args) => ({
        method: 'POST',
        path: apiPath`/clients/${args.positionals[0]}/secrets`,
        body: {
          expires_at: text(args, 'expires'),
          replace: true,
          grace_seconds: Number(text(args, 'grace')),
        },
      }),
      format: (answer) => record(answer) + secretHint(answer),
    }),
    adminCommand({
      usage: 'list <client>',
      description: 'list the secrets by id and age, never their text',
      examples: ['client secrets list cli_01k0…'],
      request: ({ positionals }) => ({ method: 'GET', path: apiPath`/clients/${positionals[0]}` }),
      format: ({ secrets }) =>
        columns(Array.isArray(secrets) ? (secrets as Json[]) : [], [
          'id',
          'created_at',
          'expires_at',
          'last_used_at',
          'replaces.id',
        ]),
    }),
    adminCommand({
      usage: 'delete <client> <secret>',
      description: 'make a secret worthless at once',
      examples: ['client secrets delete cli_01k0… sec_01k0…'],
      request: ({ positionals }) => ({
        method: 'DELETE',
        path: apiPath`/clients/${positionals[0]}/secrets/${positionals[1]}`,
      }),
      format: (_, { positionals }) => `Deleted ${positionals[1]}.\n`,
    }),
  ],
};
