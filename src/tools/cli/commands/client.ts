/** `sojourn client`: the vendor's services that fetch tokens. */
import type { Answers } from '../../../server/http/admin/index.ts';
import {
  adminCommand,
  apiPath,
  itemsOf,
  nextPageHint,
  pageOptions,
  pageQuery,
  parseJsonOption,
} from '../admin.ts';
import { exampleCloud } from '../cloud-names.ts';
import { type CommandGroup, isSet, type OptionSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { columns, type Json, record } from '../print.ts';
import { authOf, authOfNewClient, authOptions } from './client-auth.ts';
import { clientSecrets, secretHint } from './client-secrets.ts';

const ruleOptions: readonly OptionSpec[] = [
  {
    flags: '--connection <id>',
    description: 'allow this connection (repeatable)',
    repeatable: true,
  },
  {
    flags: '--tenant <id>',
    description: 'allow all connections of this tenant (repeatable)',
    repeatable: true,
  },
  {
    flags: '--rule <json>',
    description: `rule with several conditions: {"cloud":"${exampleCloud}","labels":{"env":"prod"}} (repeatable)`,
    repeatable: true,
  },
];

export const client: CommandGroup = {
  name: 'client',
  description: 'manage clients: your services that fetch tokens',
  commands: [
    adminCommand({
      usage: 'create',
      description: 'create a client and show its secret once',
      options: [
        { flags: '--name <text>', description: 'display name', required: true },
        {
          flags: '--auth <method>',
          description: 'authentication method, unless --federated or a --tls option sets it',
          choices: ['client_secret', 'private_key_jwt'],
          defaultValue: 'client_secret',
        },
        ...authOptions,
        ...ruleOptions,
      ],
      examples: [
        'client create --name deployer --connection con_01k0…',
        'client create --name ci --connection con_01k0… --federated github --audience https://id.example.com --claim repository_id=74 --claim repository_owner_id=65 --claim ref=refs/heads/main',
        'client create --name scanner --tenant ten_01k0… --auth private_key_jwt --jwks-file jwks.json',
        'client create --name mesh --connection con_01k0… --tls-san-uri spiffe://prod.example.com/billing',
      ],
      request: (args) => ({
        method: 'POST',
        path: '/clients',
        body: { name: text(args, 'name'), auth: authOfNewClient(args), may_use: rulesOf(args) },
      }),
      format: (answer) => formatClient(answer) + secretHint(answer),
    }),
    adminCommand<Answers['ClientPage']>({
      usage: 'list',
      description: 'list clients',
      options: pageOptions,
      examples: ['client list'],
      request: (args) => ({ method: 'GET', path: '/clients', query: pageQuery(args) }),
      format: (answer) =>
        columns(itemsOf(answer), ['client_id', 'name', 'auth.method', 'may_use', 'disabled']) +
        nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'show <id>',
      description: 'show a client and its rules',
      examples: ['client show cli_01k0…'],
      request: ({ positionals }) => ({ method: 'GET', path: apiPath`/clients/${positionals[0]}` }),
      format: formatClient,
    }),
    adminCommand({
      usage: 'update <id>',
      description: 'change a client; new rules replace all its rules',
      options: [
        { flags: '--name <text>', description: 'display name' },
        { flags: '--disable', description: 'refuse its sign-ins' },
        { flags: '--enable', description: 'allow its sign-ins again' },
        ...authOptions,
        ...ruleOptions,
      ],
      examples: ['client update cli_01k0… --disable', 'client update cli_01k0… --connection con_01k0…'],
      request: (args) => ({
        method: 'PATCH',
        path: apiPath`/clients/${args.positionals[0]}`,
        body: changeOf(args),
      }),
      format: formatClient,
    }),
    adminCommand({
      usage: 'delete <id>',
      description: 'delete a client',
      examples: ['client delete cli_01k0…'],
      request: ({ positionals }) => ({ method: 'DELETE', path: apiPath`/clients/${positionals[0]}` }),
      format: (_, { positionals }) => `Deleted ${positionals[0]}.\n`,
    }),
  ],
  groups: [clientSecrets],
};

/** Leaves out the PEM text of certificates: their parsed fields identify them, and `--json` prints everything. */
function formatClient({ auth, ...rest }: Json): string {
  const { certificates: _, ...summary } = Object(auth) as Json;
  const { client_id, name, ...others } = rest;
  return record({ client_id, name, auth: summary, ...others });
}

const rulesOf = (args: ParsedArguments) => [
  ...texts(args, 'connection').map((id) => ({ connection: id })),
  ...texts(args, 'tenant').map((id) => ({ tenant: id })),
  ...texts(args, 'rule').map((rule) => parseJsonOption(rule, '--rule')),
];

function changeOf(args: ParsedArguments) {
  if (isSet(args, 'disable') && isSet(args, 'enable'))
    throw usageError('--disable cannot be combined with --enable.');
  const rules = rulesOf(args);
  const auth = authOf(args);
  const change = {
    name: text(args, 'name'),
    ...(auth === undefined ? {} : { auth }),
    ...(rules.length > 0 ? { may_use: rules } : {}),
    ...(isSet(args, 'disable') ? { disabled: true } : {}),
    ...(isSet(args, 'enable') ? { disabled: false } : {}),
  };
  if (Object.values(change).every((value) => value === undefined))
    throw usageError('Nothing to change. Give at least one option.');
  return change;
}
