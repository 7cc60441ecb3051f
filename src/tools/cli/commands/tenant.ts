/** `sojourn tenant`: the vendor's customers. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, apiPath, itemsOf, nextPageHint, pageOptions, pageQuery } from '../admin.ts';
import { type CommandGroup, isSet, type OptionSpec, type ParsedArguments, text } from '../command.ts';
import { cell, columns, record } from '../print.ts';

const nameOption: OptionSpec = { flags: '--name <text>', description: 'display name', required: true };

const issuerOptions: readonly OptionSpec[] = [
  { flags: '--own-issuer', description: 'give the tenant its own issuer, at /t/ID' },
  { flags: '--own-keys', description: 'give its issuer its own signing keys as well' },
];

const issuerFields = (args: ParsedArguments) => ({
  ...(isSet(args, 'ownIssuer') ? { own_issuer: true } : {}),
  ...(isSet(args, 'ownKeys') ? { own_keys: true } : {}),
});

export const tenant: CommandGroup = {
  name: 'tenant',
  description: 'manage tenants: your customers',
  commands: [
    adminCommand({
      usage: 'create',
      description: 'create a tenant',
      options: [nameOption, ...issuerOptions],
      examples: ['tenant create --name Acme', 'tenant create --name Acme --own-issuer --own-keys'],
      request: (args) => ({
        method: 'POST',
        path: '/tenants',
        body: { name: text(args, 'name'), ...issuerFields(args) },
      }),
      format: record,
    }),
    adminCommand<Answers['TenantPage']>({
      usage: 'list',
      description: 'list tenants',
      options: pageOptions,
      examples: ['tenant list', 'tenant list --json'],
      request: (args) => ({ method: 'GET', path: '/tenants', query: pageQuery(args) }),
      format: (answer) =>
        columns(itemsOf(answer), ['id', 'name', 'created_at']) + nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'show <id>',
      description: 'show a tenant',
      examples: ['tenant show ten_01k0…'],
      request: ({ positionals }) => ({ method: 'GET', path: apiPath`/tenants/${positionals[0]}` }),
      format: record,
    }),
    adminCommand({
      usage: 'update <id>',
      description: 'rename a tenant',
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
      description: 'move the connections to another issuer; each moves after it is verified there',
      options: [
        {
          flags: '--to <issuer>',
          description: "the tenant's own issuer or the shared one",
          required: true,
          choices: ['own', 'shared'],
        },
        { flags: '--own-keys', description: 'with --to own: the new issuer gets its own signing keys' },
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
        `${record(answer)}\nA connection moves once it is verified at the new issuer; until then nothing changes for it.\nNext: sojourn tenant move-status ${cell(answer.id)}\n`,
    }),
    adminCommand<Answers['MovePage']>({
      usage: 'move-status <id>',
      description: "list the connections that have not moved to the tenant's issuer yet",
      options: pageOptions,
      examples: ['tenant move-status ten_01k0…'],
      request: (args) => ({
        method: 'GET',
        path: apiPath`/tenants/${args.positionals[0]}/move`,
        query: pageQuery(args),
      }),
      format: (answer) =>
        itemsOf(answer).length === 0 && typeof answer.next !== 'string'
          ? 'All connections have moved.\n'
          : columns(itemsOf(answer), ['connection', 'cloud', 'name', 'issuer']) +
            nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'delete <id>',
      description: 'delete a tenant that has no connections',
      examples: ['tenant delete ten_01k0…'],
      request: ({ positionals }) => ({ method: 'DELETE', path: apiPath`/tenants/${positionals[0]}` }),
      format: (_, { positionals }) => `Deleted ${positionals[0]}.\n`,
    }),
  ],
};
