/** `sojourn tenant`: your customers. */
import { adminCommand, at, itemsOf, more, pageOptions, pageQuery } from '../admin.ts';
import { type Noun, type OptionSpec, text } from '../command.ts';
import { columns, record } from '../print.ts';

const nameOption: OptionSpec = { flags: '--name <text>', about: 'name for people', required: true };

export const tenant: Noun = {
  name: 'tenant',
  about: 'your customers',
  commands: [
    adminCommand({
      usage: 'create',
      about: 'add a customer',
      options: [nameOption],
      examples: ['tenant create --name Acme'],
      ask: (given) => ({ method: 'POST', path: '/tenants', body: { name: text(given, 'name') } }),
      tell: record,
    }),
    adminCommand({
      usage: 'list',
      about: 'list the customers',
      options: pageOptions,
      examples: ['tenant list', 'tenant list --json'],
      ask: (given) => ({ method: 'GET', path: '/tenants', query: pageQuery(given) }),
      tell: (answer) => columns(itemsOf(answer), ['id', 'name', 'created_at']) + more(answer, '--after'),
    }),
    adminCommand({
      usage: 'show <id>',
      about: 'show one customer',
      examples: ['tenant show ten_01k0…'],
      ask: ({ args }) => ({ method: 'GET', path: at`/tenants/${args[0]}` }),
      tell: record,
    }),
    adminCommand({
      usage: 'update <id>',
      about: 'rename a customer',
      options: [nameOption],
      examples: ["tenant update ten_01k0… --name 'Acme Ltd'"],
      ask: (given) => ({
        method: 'PATCH',
        path: at`/tenants/${given.args[0]}`,
        body: { name: text(given, 'name') },
      }),
      tell: record,
    }),
    adminCommand({
      usage: 'delete <id>',
      about: 'remove a customer that has no connections',
      examples: ['tenant delete ten_01k0…'],
      ask: ({ args }) => ({ method: 'DELETE', path: at`/tenants/${args[0]}` }),
      tell: (_, { args }) => `Deleted ${args[0]}.\n`,
    }),
  ],
};
