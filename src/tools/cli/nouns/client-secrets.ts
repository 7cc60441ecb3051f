/** `sojourn client secrets`: two at a time, so that a new one is rolled out while the old one still works. */
import { adminCommand, at } from '../admin.ts';
import { type Noun, type OptionSpec, text } from '../command.ts';
import { columns, type Json, record } from '../print.ts';

/** The sentence that goes with a secret. */
export const shownOnce = (answer: Json): string =>
  typeof answer.client_secret === 'string'
    ? '\nKeep the client secret now: only its hash is stored, and it is never shown again.\n'
    : '';

const expiresOption: OptionSpec = {
  flags: '--expires <time>',
  about: 'when it ends by itself: 2027-01-31T02:00:00Z',
};

export const clientSecrets: Noun = {
  name: 'secrets',
  about: 'the secrets of a client, two at most',
  commands: [
    adminCommand({
      usage: 'create <client>',
      about: 'make another secret; it is shown this once',
      options: [expiresOption],
      examples: [
        'client secrets create cli_01k0…',
        'client secrets create cli_01k0… --expires 2027-01-31T00:00:00Z',
      ],
      ask: (given) => ({
        method: 'POST',
        path: at`/clients/${given.args[0]}/secrets`,
        body: { expires_at: text(given, 'expires') },
      }),
      tell: (answer) => record(answer) + shownOnce(answer),
    }),
    adminCommand({
      usage: 'rotate <client>',
      about: 'make a new secret; the one that is there ends once the new one has been seen in use',
      options: [
        expiresOption,
        {
          flags: '--grace <seconds>',
          about: 'how long the old one still works from then on',
          initial: '3600',
        },
      ],
      examples: ['client secrets rotate cli_01k0…', 'client secrets rotate cli_01k0… --grace 86400'],
      ask: (given) => ({
        method: 'POST',
        path: at`/clients/${given.args[0]}/secrets`,
        body: {
          expires_at: text(given, 'expires'),
          replace: true,
          grace_seconds: Number(text(given, 'grace')),
        },
      }),
      tell: (answer) => record(answer) + shownOnce(answer),
    }),
    adminCommand({
      usage: 'list <client>',
      about: 'list the secrets by id and age, never their text',
      examples: ['client secrets list cli_01k0…'],
      ask: ({ args }) => ({ method: 'GET', path: at`/clients/${args[0]}` }),
      tell: ({ secrets }) =>
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
      about: 'make a secret worthless at once',
      examples: ['client secrets delete cli_01k0… sec_01k0…'],
      ask: ({ args }) => ({ method: 'DELETE', path: at`/clients/${args[0]}/secrets/${args[1]}` }),
      tell: (_, { args }) => `Deleted ${args[1]}.\n`,
    }),
  ],
};
