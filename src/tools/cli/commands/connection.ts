/** `sojourn connection`: access to the customers' cloud accounts. */
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
import { anyCloud } from '../cloud-names.ts';
import { type CommandGroup, type OptionSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { cell, columns, record } from '../print.ts';
import { formatVerification } from '../verification.ts';
import { connectionConfirmUpload } from './connection-confirm-upload.ts';
import { connectionImport } from './connection-import.ts';
import { connectionInvitations, connectionInvite } from './connection-invitations.ts';
import { connectionSetup } from './connection-setup.ts';
import { connectionVerification } from './connection-verification.ts';
import { refineTargetError, targetOf, targetOptions } from './target.ts';

const settings: readonly OptionSpec[] = [
  ...targetOptions,
  {
    flags: '--algorithm <alg>',
    description: 'signature algorithm of its tokens',
    choices: ['RS256', 'ES256'],
  },
  { flags: '--token-ttl <seconds>', description: 'lifetime of its tokens, 60 to 3600' },
  {
    flags: '--approval <mode>',
    description: 'whether an administrator must approve its use',
    choices: ['none', 'required'],
  },
];

const labelOption: OptionSpec = {
  flags: '--label <name=value>',
  description: "label that clients' rules can match (repeatable)",
  repeatable: true,
};

const purposeOption: OptionSpec = {
  flags: '--purpose <name=json>',
  description: 'purpose, with the target fields that it narrows: read={"duration_seconds":900} (repeatable)',
  repeatable: true,
};

/** New purposes replace all existing ones. */
function purposesOf(args: ParsedArguments) {
  const purposes = texts(args, 'purpose').map((purpose): [string, unknown] => {
    const [name = '', ...json] = purpose.split('=');
    if (name === '' || json.length === 0) throw usageError('--purpose must be name=json.');
    return [name, parseJsonOption(json.join('='), `--purpose ${name}`)];
  });
  return purposes.length === 0 ? {} : { purposes: Object.fromEntries(purposes) };
}

/** New labels replace all existing ones. */
function labelsOf(args: ParsedArguments) {
  const labels = texts(args, 'label').map((label): [string, string] => {
    const [name = '', ...value] = label.split('=');
    if (name === '' || value.length === 0) throw usageError('--label must be name=value.');
    return [name, value.join('=')];
  });
  return labels.length === 0 ? {} : { labels: Object.fromEntries(labels) };
}

const idCommand = (name: string, description: string, method: 'GET' | 'POST', below = '') =>
  adminCommand({
    usage: `${name} <id>`,
    description,
    examples: [`connection ${name} con_01k0…`],
    request: ({ positionals }) => ({ method, path: apiPath`/connections/${positionals[0]}` + below }),
    format: record,
  });

export const connection: CommandGroup = {
  name: 'connection',
  description: "manage connections to your customers' clouds",
  commands: [
    adminCommand({
      usage: 'create',
      description: 'create a connection; its target may be completed later',
      options: [
        { flags: '--name <text>', description: 'display name', required: true },
        { flags: '--tenant <id>', description: 'tenant that owns the cloud account', required: true },
        { flags: '--cloud <cloud>', description: anyCloud, required: true },
        labelOption,
        purposeOption,
        ...settings,
      ],
      examples: [
        'connection create --name acme-prod --tenant ten_01k0… --cloud aws --set region=eu-central-1',
        'connection create --name acme-gcp --tenant ten_01k0… --cloud gcp --target-file target.json',
      ],
      request: (args) => ({
        method: 'POST',
        path: '/connections',
        body: {
          name: text(args, 'name'),
          tenant: text(args, 'tenant'),
          cloud: text(args, 'cloud'),
          target: targetOf(args) ?? {},
          ...labelsOf(args),
          ...purposesOf(args),
          algorithm: text(args, 'algorithm'),
          token_ttl: parseTtl(text(args, 'tokenTtl')),
          approval: text(args, 'approval'),
        },
      }),
      refine: refineTargetError,
      format: (answer) => `${record(answer)}\nNext: sojourn connection setup ${cell(answer.id)}\n`,
    }),
    adminCommand<Answers['ConnectionPage']>({
      usage: 'list',
      description: 'list connections',
      options: [{ flags: '--tenant <id>', description: 'only connections of this tenant' }, ...pageOptions],
      examples: ['connection list', 'connection list --tenant ten_01k0… --json'],
      request: (args) => ({
        method: 'GET',
        path: '/connections',
        query: { tenant: text(args, 'tenant'), ...pageQuery(args) },
      }),
      format: (answer) =>
        columns(itemsOf(answer), ['id', 'name', 'tenant', 'cloud', 'state']) +
        nextPageHint(answer, '--after'),
    }),
    idCommand('show', 'show a connection', 'GET'),
    adminCommand({
      usage: 'update <id>',
      description: 'change a connection; merges target fields, null removes one',
      options: [
        { flags: '--name <text>', description: 'display name' },
        labelOption,
        purposeOption,
        ...settings,
      ],
      examples: ['connection update con_01k0… --set role_arn=arn:aws:iam::111122223333:role/vendor'],
      request: (args) => {
        const body = {
          name: text(args, 'name'),
          target: targetOf(args),
          ...labelsOf(args),
          ...purposesOf(args),
          algorithm: text(args, 'algorithm'),
          token_ttl: parseTtl(text(args, 'tokenTtl')),
          approval: text(args, 'approval'),
        };
        if (Object.values(body).every((value) => value === undefined))
          throw usageError('Nothing to change. Give at least one option.');
        return { method: 'PATCH', path: apiPath`/connections/${args.positionals[0]}`, body };
      },
      refine: refineTargetError,
      format: record,
    }),
    idCommand('enable', 'enable a disabled connection', 'POST', '/enable'),
    idCommand(
      'disable',
      'disable a connection: no client can use it until it is enabled',
      'POST',
      '/disable',
    ),
    adminCommand<Answers['Verification']>({
      usage: 'verify <id>',
      description: 'exchange a token, and check that the cloud refuses wrong tokens',
      notes: ['Exit code: 0 if the connection is active, 1 if a check does not pass.'],
      examples: ['connection verify con_01k0…'],
      request: ({ positionals }) => ({
        method: 'POST',
        path: apiPath`/connections/${positionals[0]}/verify`,
      }),
      format: formatVerification,
      exitCode: ({ verdict }) => (verdict === 'active' ? 0 : 1),
    }),
    connectionVerification,
    connectionInvite,
    connectionImport,
    connectionSetup,
    connectionConfirmUpload,
    adminCommand({
      usage: 'delete <id>',
      description: 'delete a connection; its id is never reused',
      examples: ['connection delete con_01k0…'],
      request: ({ positionals }) => ({ method: 'DELETE', path: apiPath`/connections/${positionals[0]}` }),
      format: (_, { positionals }) => `Deleted ${positionals[0]}.\n`,
    }),
  ],
  groups: [connectionInvitations],
};

function parseTtl(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (/^\d+$/.test(seconds)) return Number(seconds);
  throw usageError('--token-ttl must be a whole number of seconds.');
}
