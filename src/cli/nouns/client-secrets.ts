/** `sojourn client secrets`: two at a time, so that a new one is rolled out while the old one still works. */
import { adminCommand, at } from '../admin.ts';
import type { Noun } from '../command.ts';
import { columns, type Json, record } from '../print.ts';

/** The sentence that goes with a secret. */
export const shownOnce = (answer: Json): string =>
  typeof answer.client_secret === 'string'
    ? '\nKeep the client secret now: only its hash is stored, and it is never shown again.\n'
    : '';

export const clientSecrets: Noun = {
  name: 'secrets',
  about: 'the secrets of a client, two at most',
  commands: [
    adminCommand({
      usage: 'create <client>',
      about: 'make another secret; it is shown this once',
      examples: ['client secrets create cli_01k0…'],
      ask: ({ args }) => ({ method: 'POST', path: at`/clients/${args[0]}/secrets` }),
      tell: (answer) => record(answer) + shownOnce(answer),
    }),
    adminCommand({
      usage: 'list <client>',
      about: 'list the secrets by id and age, never their text',
      examples: ['client secrets list cli_01k0…'],
      ask: ({ args }) => ({ method: 'GET', path: at`/clients/${args[0]}` }),
      tell: ({ secrets }) => columns(Array.isArray(secrets) ? (secrets as Json[]) : [], ['id', 'created_at']),
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
