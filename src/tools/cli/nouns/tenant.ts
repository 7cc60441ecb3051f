/** `sojourn tenant`: your customers. */
import { adminCommand, at, itemsOf, more, pageOptions, pageQuery } from '../admin.ts';
import { flag, type Given, type Noun, type OptionSpec, text } from '../command.ts';
import { cell, columns, record } from '../print.ts';

const nameOption: OptionSpec = { flags: '--name <text>', about: 'name for people', required: true };

const issuerOptions: readonly OptionSpec[] = [
  { flags: '--own-issuer', about: 'with an issuer of its own, at /t/ID' },
  { flags: '--own-keys', about: 'with keys of its own as well' },
];

const issuerGiven = (given: Given) => ({
  ...(flag(given, 'ownIssuer') ? { own_issuer: true } : {}),
  ...(flag(given, 'ownKeys') ? { own_keys: true } : {}),
});

export const tenant: Noun = {
  name: 'tenant',
  about: 'your customers',
  commands: [
    adminCommand({
      usage: 'create',
      about: 'add a customer',
      options: [nameOption, ...issuerOptions],
      examples: ['tenant create --name Acme', 'tenant create --name Acme --own-issuer --own-keys'],
      ask: (given) => ({
        method: 'POST',
        path: '/tenants',
        body: { name: text(given, 'name'), ...issuerGiven(given) },
      }),
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
      usage: 'move <id>',
      about: 'let the connections go over to another issuer, each when it is verified there',
      options: [
        { flags: '--to <issuer>', about: 'own or shared', required: true, choices: ['own', 'shared'] },
        { flags: '--own-keys', about: 'with keys of its own, when its own issuer is new' },
      ],
      examples: ['tenant move ten_01k0… --to own --own-keys', 'tenant move ten_01k0… --to shared'],
      ask: (given) => ({
        method: 'POST',
        path: at`/tenants/${given.args[0]}/move`,
        body: {
          own_issuer: text(given, 'to') === 'own',
          ...(flag(given, 'ownKeys') ? { own_keys: true } : {}),
        },
      }),
      tell: (answer) =>
        `${record(answer)}\nUntil each connection is verified, it stays as it is. Still to do: sojourn tenant moving ${cell(answer.id)}\n`,
    }),
    adminCommand({
      usage: 'moving <id>',
      about: 'list the connections that are still under another issuer than their tenant',
      options: pageOptions,
      examples: ['tenant moving ten_01k0…'],
      ask: (given) => ({
        method: 'GET',
        path: at`/tenants/${given.args[0]}/move`,
        query: pageQuery(given),
      }),
      tell: (answer) =>
        itemsOf(answer).length === 0 && typeof answer.next !== 'string'
          ? 'Nothing is left to do.\n'
          : columns(itemsOf(answer), ['connection', 'cloud', 'name', 'issuer']) + more(answer, '--after'),
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
