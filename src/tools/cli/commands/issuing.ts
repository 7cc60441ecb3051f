/** `sojourn issuing`: the kill switch. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, itemsOf } from '../admin.ts';
import { type CommandGroup, type OptionSpec, text } from '../command.ts';
import { columns } from '../print.ts';

const switchOptions: readonly OptionSpec[] = [
  { flags: '--tenant <id>', description: 'only this tenant' },
  { flags: '--reason <text>', description: 'for the audit log and /readyz', required: true },
];

const format = (answer: Answers['Issuing']): string =>
  itemsOf(answer).length === 0
    ? 'Issuing is not suspended.\n'
    : columns(
        itemsOf(answer).map((item) => ({ ...item, suspended: item.tenant ?? 'the whole server' })),
        ['suspended', 'since', 'reason'],
      );

const switchCommand = (verb: 'suspend' | 'resume', description: string, examples: readonly string[]) =>
  adminCommand<Answers['Issuing']>({
    usage: verb,
    description,
    options: switchOptions,
    examples,
    request: (args) => ({
      method: 'POST',
      path: `/issuing/${verb}`,
      body: { tenant: text(args, 'tenant'), reason: text(args, 'reason') },
    }),
    format,
  });

export const issuing: CommandGroup = {
  name: 'issuing',
  description: 'suspend and resume issuing: the kill switch',
  commands: [
    adminCommand<Answers['Issuing']>({
      usage: 'show',
      description: 'show what is suspended',
      examples: ['issuing show'],
      request: () => ({ method: 'GET', path: '/issuing' }),
      format,
    }),
    switchCommand('suspend', 'issue no token and no credentials, on any replica, until issuing is resumed', [
      'issuing suspend --reason "key leak, ticket 4711"',
      'issuing suspend --tenant ten_01k0… --reason "asked by the customer"',
    ]),
    switchCommand('resume', 'issue tokens and credentials again', [
      'issuing resume --reason "ticket 4711 closed"',
    ]),
  ],
};
