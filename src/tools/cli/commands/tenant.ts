/** `sojourn tenant`: your customers. */
import { adminCommand, apiPath, itemsOf, nextPageHint, pageOptions, pageQuery } from '../admin.ts';
import { type CommandGroup, isSet, type OptionSpec, type ParsedArguments, text } from '../command.ts';
import { cell, columns, record } from '../print.ts';

const nameOption: OptionSpec = { flags: '--name <text>', description: 'name for people', required: true };

const issuerOptions: readonly OptionSpec[] = [
  { flags: '--own-issuer', description: 'with an issuer of its own, at /t/ID' },
  { flags: '--own-keys', description: 'with keys of its own as well' },
];

const issuerFields = (args: ParsedArguments) => ({
  ...(isSet(args, 'ownIssuer') ? { own_issuer: true } : {}),
  ...(isSet(args, 'ownKeys') ? { own_keys: true } : {}),
});

export const tenant: CommandGroup = {
  name: 'tenant',
  description: 'your customers',
  commands: [
    adminCommand({
      usage: 'create',
      description: 'add a customer',
      options: [nameOption, ...issuerOptions],
      examples: ['tenant create --name Acme', 'tenant create --name Acme --own-issuer --own-keys'],
      request: (args) => ({
        method: 'POST',
        path: '/tenants',
        body: { name: text(args, 'name'), ...issuerFields(args) },
      }),
      format: record,
    }),
    adminCommand({
      usage: 'list',
      description: 'list the customers',
      options: pageOptions,
      examples: ['tenant list', 'tenant list --json'],
      request: (args) => ({ method: 'GET', path: '/tenants', query: pageQuery(args) }),
      format: (answer) =>
        columns(itemsOf(answer), ['id', 'name', 'created_at']) + nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'show <id>',
      description: 'show one customer',
      examples: ['tenant show ten_01k0…'],
      request: ({ positionals }) => ({ method: 'GET', path: apiPath`/tenants/${positionals[0]}` }),
      format: record,
    }),
    adminCommand({
      usage: 'update <id>',
      description: 'rename a customer',
      options: [nameOption],
      examples: ["tenant update ten_01k0… --name 'Acme Ltd'"],
      request: (args) => ({
        method: 'PATCH',
        path: apiPath`/tenants/${args.positionals[0]}`,
        body: { name: text(args, 'name') },
      }),
      format: record,
    }),
    adminCommand({
      usage: 'move <id>',
      description: 'let the connections go over to another issuer, each when it is verified there',
      options: [
        { flags: '--to <issuer>', description: 'own or shared', required: true, choices: ['own', 'shared'] },
        { flags: '--own-keys', description: 'with keys of its own, when its own issuer is new' },
      ],
      examples: ['tenant move ten_01k0… --to own --own-keys', 'tenant move ten_01k0… --to shared'],
      request: (args) => ({
        method: 'POST',
        path: apiPath`/tenants/${args.positionals[0]}/move`,
        body: {
          own_issuer: text(args, 'to') === 'own',
          ...(isSet(args, 'ownKeys') ? { own_keys: true } : {}),
        },
      }),
      format: (answer) =>
        `${record(answer)}\nUntil each connection is verified, it stays as it is. Still to do: sojourn tenant moving ${cell(answer.id)}\n`,
    }),
    adminCommand({
      usage: 'moving <id>',
      description: 'list the connections that are still under another issuer than their tenant',
      options: pageOptions,
      examples: ['tenant moving ten_01k0…'],
      request: (args) => ({
        method: 'GET',
        path: apiPath`/tenants/${args.positionals[0]}/move`,
        query: pageQuery(args),
      }),
      format: (answer) =>
        itemsOf(answer).length === 0 && typeof answer.next !== 'string'
          ? 'Nothing is left to do.\n'
          : columns(itemsOf(answer), ['connection', 'cloud', 'name', 'issuer']) +
            nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'delete <id>',
      description: 'remove a customer that has no connections',
      examples: ['tenant delete ten_01k0…'],
      request: ({ positionals }) => ({ method: 'DELETE', path: apiPath`/tenants/${positionals[0]}` }),
      format: (_, { positionals }) => `Deleted ${positionals[0]}.\n`,
    }),
  ],
};
