/** `sojourn client`: your services that fetch tokens. */
import { adminCommand, at, itemsOf, jsonGiven, more, pageOptions, pageQuery, readGiven } from '../admin.ts';
import { flag, type Given, type Noun, type OptionSpec, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { columns, record } from '../print.ts';
import { clientSecrets, shownOnce } from './client-secrets.ts';
import { trustOf, trustOptions } from './client-trust.ts';

const ruleOptions: readonly OptionSpec[] = [
  { flags: '--connection <id>', about: 'a connection that it may use; may be repeated', many: true },
  { flags: '--tenant <id>', about: 'a tenant whose connections it may use; may be repeated', many: true },
  {
    flags: '--rule <json>',
    about: 'a rule with several conditions, such as {"cloud":"aws","labels":{"env":"prod"}}; may be repeated',
    many: true,
  },
];

const keyOptions: readonly OptionSpec[] = [
  {
    flags: '--jwks-file <file>',
    about: 'public keys of a private_key_jwt client, or of a federated one’s issuer (JWKS, RFC 7517)',
  },
  {
    flags: '--jwks-uri <url>',
    about: 'where a private_key_jwt client publishes them itself; one of clients.jwks_uris of the server',
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
        ...keyOptions,
        ...trustOptions,
        ...ruleOptions,
      ],
      examples: [
        'client create --name deployer --connection con_01k0…',
        'client create --name ci --connection con_01k0… --federated github --audience https://id.example.com --claim repository_id=74 --claim repository_owner_id=65 --claim ref=refs/heads/main',
        'client create --name scanner --tenant ten_01k0… --auth private_key_jwt --jwks-file jwks.json',
      ],
      ask: (given) => ({
        method: 'POST',
        path: '/clients',
        body: { name: text(given, 'name'), auth: authOf(given), may_use: rulesOf(given) },
      }),
      tell: (answer) => record(answer) + shownOnce(answer),
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
      tell: record,
    }),
    adminCommand({
      usage: 'update <id>',
      about: 'change a client; rules that are given replace the old ones',
      options: [
        { flags: '--name <text>', about: 'name for people' },
        { flags: '--disable', about: 'refuse it from now on' },
        { flags: '--enable', about: 'let it in again' },
        ...keyOptions,
        ...trustOptions,
        ...ruleOptions,
      ],
      examples: ['client update cli_01k0… --disable', 'client update cli_01k0… --connection con_01k0…'],
      ask: (given) => ({ method: 'PATCH', path: at`/clients/${given.args[0]}`, body: changeOf(given) }),
      tell: record,
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

const rulesOf = (given: Given) => [
  ...texts(given, 'connection').map((id) => ({ connection: id })),
  ...texts(given, 'tenant').map((id) => ({ tenant: id })),
  ...texts(given, 'rule').map((rule) => jsonGiven(rule, '--rule')),
];

function authOf(given: Given) {
  const keys = keysOf(given);
  const trust = trustOf(given, keys.jwks);
  if (trust) return trust;
  if (text(given, 'auth') === 'client_secret') {
    if (keys.jwks !== undefined)
      throw usageError('--jwks-file goes with --auth private_key_jwt or --federated.');
    if (keys.jwks_uri !== undefined) throw usageError('--jwks-uri goes with --auth private_key_jwt.');
    return { method: 'client_secret' };
  }
  if (keys.jwks === undefined && keys.jwks_uri === undefined)
    throw usageError('--auth private_key_jwt needs --jwks-file or --jwks-uri.');
  return { method: 'private_key_jwt', ...keys };
}

function keysOf(given: Given): { readonly jwks?: unknown; readonly jwks_uri?: string } {
  const [file, uri] = [text(given, 'jwksFile'), text(given, 'jwksUri')];
  if (uri !== undefined && (file !== undefined || text(given, 'federated') !== undefined))
    throw usageError('--jwks-uri excludes --jwks-file and --federated.');
  if (uri !== undefined) return { jwks_uri: uri };
  return file === undefined ? {} : { jwks: jsonGiven(readGiven(file, '--jwks-file'), '--jwks-file') };
}

function changeOf(given: Given) {
  if (flag(given, 'disable') && flag(given, 'enable'))
    throw usageError('--disable and --enable exclude each other.');
  const rules = rulesOf(given);
  const keys = keysOf(given);
  const own = Object.keys(keys).length > 0 ? { method: 'private_key_jwt', ...keys } : undefined;
  const auth = trustOf(given, keys.jwks) ?? own;
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
