/** `sojourn client`: your services that fetch tokens. */
import { adminCommand, at, itemsOf, jsonGiven, more, pageOptions, pageQuery } from '../admin.ts';
import { flag, type Given, type Noun, type OptionSpec, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { columns, type Json, record } from '../print.ts';
import { authOf, authOptions, newAuthOf } from './client-auth.ts';
import { clientSecrets, shownOnce } from './client-secrets.ts';

const ruleOptions: readonly OptionSpec[] = [
  { flags: '--connection <id>', about: 'a connection that it may use; may be repeated', many: true },
  { flags: '--tenant <id>', about: 'a tenant whose connections it may use; may be repeated', many: true },
  {
    flags: '--rule <json>',
    about: 'a rule with several conditions, such as {"cloud":"aws","labels":{"env":"prod"}}; may be repeated',
    many: true,
  },
];

export const client: Noun = {
  name: 'client',
  about: 'your services that fetch tokens',
  commands: [
    adminCommand({
      usage: 'create',
      about: 'add a client; its secret is shown this once',
      options: [
        { flags: '--name <text>', about: 'name for people', required: true },
        {
          flags: '--auth <method>',
          about: 'how it authenticates',
          choices: ['client_secret', 'private_key_jwt'],
          initial: 'client_secret',
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
      ask: (given) => ({
        method: 'POST',
        path: '/clients',
        body: { name: text(given, 'name'), auth: newAuthOf(given), may_use: rulesOf(given) },
      }),
      tell: (answer) => shown(answer) + shownOnce(answer),
    }),
    adminCommand({
      usage: 'list',
      about: 'list the clients',
      options: pageOptions,
      examples: ['client list'],
      ask: (given) => ({ method: 'GET', path: '/clients', query: pageQuery(given) }),
      tell: (answer) =>
        columns(itemsOf(answer), ['client_id', 'name', 'auth.method', 'may_use', 'disabled']) +
        more(answer, '--after'),
    }),
    adminCommand({
      usage: 'show <id>',
      about: 'show one client and what it may use',
      examples: ['client show cli_01k0…'],
      ask: ({ args }) => ({ method: 'GET', path: at`/clients/${args[0]}` }),
      tell: shown,
    }),
    adminCommand({
      usage: 'update <id>',
      about: 'change a client; rules that are given replace the old ones',
      options: [
        { flags: '--name <text>', about: 'name for people' },
        { flags: '--disable', about: 'refuse it from now on' },
        { flags: '--enable', about: 'let it in again' },
        ...authOptions,
        ...ruleOptions,
      ],
      examples: ['client update cli_01k0… --disable', 'client update cli_01k0… --connection con_01k0…'],
      ask: (given) => ({ method: 'PATCH', path: at`/clients/${given.args[0]}`, body: changeOf(given) }),
      tell: shown,
    }),
    adminCommand({
      usage: 'delete <id>',
      about: 'remove a client',
      examples: ['client delete cli_01k0…'],
      ask: ({ args }) => ({ method: 'DELETE', path: at`/clients/${args[0]}` }),
      tell: (_, { args }) => `Deleted ${args[0]}.\n`,
    }),
  ],
  nouns: [clientSecrets],
};

/** A certificate is told by what stands in it; its text is for `--json`. */
function shown({ auth, ...rest }: Json): string {
  const { certificates: _, ...told } = Object(auth) as Json;
  const { client_id, name, ...others } = rest;
  return record({ client_id, name, auth: told, ...others });
}

const rulesOf = (given: Given) => [
  ...texts(given, 'connection').map((id) => ({ connection: id })),
  ...texts(given, 'tenant').map((id) => ({ tenant: id })),
  ...texts(given, 'rule').map((rule) => jsonGiven(rule, '--rule')),
];

function changeOf(given: Given) {
  if (flag(given, 'disable') && flag(given, 'enable'))
    throw usageError('--disable and --enable exclude each other.');
  const rules = rulesOf(given);
  const auth = authOf(given);
  const change = {
    name: text(given, 'name'),
    ...(auth === undefined ? {} : { auth }),
    ...(rules.length > 0 ? { may_use: rules } : {}),
    ...(flag(given, 'disable') ? { disabled: true } : {}),
    ...(flag(given, 'enable') ? { disabled: false } : {}),
  };
  if (Object.values(change).every((value) => value === undefined))
    throw usageError('There is nothing to change: give at least one option.');
  return change;
}
