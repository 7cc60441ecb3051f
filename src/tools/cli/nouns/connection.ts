/** `sojourn connection`: the ways into your customers' clouds. */
import { adminCommand, at, itemsOf, jsonGiven, more, pageOptions, pageQuery } from '../admin.ts';
import { type Given, type Noun, type OptionSpec, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { cell, columns, record } from '../print.ts';
import { verificationTold } from '../verification.ts';
import { connectionImport } from './connection-import.ts';
import { connectionInvitations, connectionInvite } from './connection-invitations.ts';
import { connectionReport } from './connection-report.ts';
import { connectionSetup } from './connection-setup.ts';
import { connectionUploaded } from './connection-uploaded.ts';
import { targetOf, targetOptions } from './target.ts';

const settings: readonly OptionSpec[] = [
  ...targetOptions,
  { flags: '--algorithm <alg>', about: 'how its tokens are signed', choices: ['RS256', 'ES256'] },
  { flags: '--token-ttl <seconds>', about: 'life of its tokens, 60 to 3600' },
  {
    flags: '--approval <kind>',
    about: 'whether an administrator has to grant its use',
    choices: ['none', 'required'],
  },
];

const labelOption: OptionSpec = {
  flags: '--label <name=value>',
  about: 'a label by which rules of clients find it; may be repeated',
  many: true,
};

const purposeOption: OptionSpec = {
  flags: '--purpose <name=json>',
  about:
    'what it may be used for, and the fields of the target that this narrows, such as read={"duration_seconds":900}; may be repeated',
  many: true,
};

/** Given purposes take the place of all that were there. */
function purposesOf(given: Given) {
  const purposes = texts(given, 'purpose').map((purpose): [string, unknown] => {
    const [name = '', ...json] = purpose.split('=');
    if (name === '' || json.length === 0) throw usageError('--purpose must be name=json.');
    return [name, jsonGiven(json.join('='), `--purpose ${name}`)];
  });
  return purposes.length === 0 ? {} : { purposes: Object.fromEntries(purposes) };
}

/** Given labels take the place of all that were there. */
function labelsOf(given: Given) {
  const labels = texts(given, 'label').map((label): [string, string] => {
    const [name = '', ...value] = label.split('=');
    if (name === '' || value.length === 0) throw usageError('--label must be name=value.');
    return [name, value.join('=')];
  });
  return labels.length === 0 ? {} : { labels: Object.fromEntries(labels) };
}

const oneCommand = (name: string, about: string, method: 'GET' | 'POST', below = '') =>
  adminCommand({
    usage: `${name} <id>`,
    about,
    examples: [`connection ${name} con_01k0…`],
    ask: ({ args }) => ({ method, path: at`/connections/${args[0]}` + below }),
    tell: record,
  });

export const connection: Noun = {
  name: 'connection',
  about: "the ways into your customers' clouds",
  commands: [
    adminCommand({
      usage: 'create',
      about: 'add a connection; its target may be completed later',
      options: [
        { flags: '--name <text>', about: 'name for people', required: true },
        { flags: '--tenant <id>', about: 'whose cloud it is', required: true },
        { flags: '--cloud <cloud>', about: 'aws, azure or gcp', required: true },
        labelOption,
        purposeOption,
        ...settings,
      ],
      examples: [
        'connection create --name acme-prod --tenant ten_01k0… --cloud aws --set region=eu-central-1',
        'connection create --name acme-gcp --tenant ten_01k0… --cloud gcp --target-file target.json',
      ],
      ask: (given) => ({
        method: 'POST',
        path: '/connections',
        body: {
          name: text(given, 'name'),
          tenant: text(given, 'tenant'),
          cloud: text(given, 'cloud'),
          target: targetOf(given) ?? {},
          ...labelsOf(given),
          ...purposesOf(given),
          algorithm: text(given, 'algorithm'),
          token_ttl: ttlOf(text(given, 'tokenTtl')),
          approval: text(given, 'approval'),
        },
      }),
      tell: (answer) => `${record(answer)}\nNext: sojourn connection setup ${cell(answer.id)}\n`,
    }),
    adminCommand({
      usage: 'list',
      about: 'list the connections',
      options: [{ flags: '--tenant <id>', about: 'only those of this tenant' }, ...pageOptions],
      examples: ['connection list', 'connection list --tenant ten_01k0… --json'],
      ask: (given) => ({
        method: 'GET',
        path: '/connections',
        query: { tenant: text(given, 'tenant'), ...pageQuery(given) },
      }),
      tell: (answer) =>
        columns(itemsOf(answer), ['id', 'name', 'tenant', 'cloud', 'state']) + more(answer, '--after'),
    }),
    oneCommand('show', 'show one connection', 'GET'),
    adminCommand({
      usage: 'update <id>',
      about: 'change a connection; target fields are merged, null takes one out',
      options: [
        { flags: '--name <text>', about: 'name for people' },
        labelOption,
        purposeOption,
        ...settings,
      ],
      examples: ['connection update con_01k0… --set role_arn=arn:aws:iam::111122223333:role/vendor'],
      ask: (given) => {
        const body = {
          name: text(given, 'name'),
          target: targetOf(given),
          ...labelsOf(given),
          ...purposesOf(given),
          algorithm: text(given, 'algorithm'),
          token_ttl: ttlOf(text(given, 'tokenTtl')),
          approval: text(given, 'approval'),
        };
        if (Object.values(body).every((value) => value === undefined))
          throw usageError('There is nothing to change: give at least one option.');
        return { method: 'PATCH', path: at`/connections/${given.args[0]}`, body };
      },
      tell: record,
    }),
    oneCommand('enable', 'let it be used again', 'POST', '/enable'),
    oneCommand('disable', 'refuse its use from now on', 'POST', '/disable'),
    adminCommand({
      usage: 'verify <id>',
      about:
        'enter the cloud, see that it lets nobody else in, and tell what came of it; exit code 1 when not all is well',
      examples: ['connection verify con_01k0…'],
      ask: ({ args }) => ({ method: 'POST', path: at`/connections/${args[0]}/verify` }),
      tell: verificationTold,
      exit: ({ verdict }) => (verdict === 'active' ? 0 : 1),
    }),
    connectionReport,
    connectionInvite,
    connectionImport,
    connectionSetup,
    connectionUploaded,
    adminCommand({
      usage: 'delete <id>',
      about: 'remove a connection for good; its id is never used again',
      examples: ['connection delete con_01k0…'],
      ask: ({ args }) => ({ method: 'DELETE', path: at`/connections/${args[0]}` }),
      tell: (_, { args }) => `Deleted ${args[0]}.\n`,
    }),
  ],
  nouns: [connectionInvitations],
};

function ttlOf(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (/^\d+$/.test(seconds)) return Number(seconds);
  throw usageError('--token-ttl must be a whole number of seconds.');
}
