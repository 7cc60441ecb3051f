/** `sojourn audit`: reads the audit log, and works on it as a whole. */

import { sleep } from '../../../platform/time/index.ts';
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, connectionOptions, itemsOf, nextPageHint, requestAdmin } from '../admin.ts';
import {
  type CommandGroup,
  type CommandSpec,
  isSet,
  type OptionSpec,
  type ParsedArguments,
  type Terminal,
  text,
} from '../command.ts';
import { cell, columns, type Json } from '../print.ts';
import { parseAnswer } from '../server.ts';
import { archive, exportLines, prune } from './audit-files.ts';
import { verify } from './audit-verify.ts';

const filters = ['connection', 'client', 'tenant', 'jti', 'event', 'from', 'to', 'before', 'limit'] as const;

const filterOptions: readonly OptionSpec[] = [
  { flags: '--connection <id>', description: 'only this connection' },
  { flags: '--client <id>', description: 'only this client' },
  { flags: '--tenant <id>', description: 'only this tenant' },
  { flags: '--jti <jti>', description: 'only this token' },
  { flags: '--event <event>', description: 'only this event, such as token.issued' },
];

const filterQuery = (args: ParsedArguments) =>
  Object.fromEntries(filters.map((name) => [name, text(args, name)]));

const pollMs = 1_000;

const tail: CommandSpec = {
  usage: 'tail',
  description: 'print new entries until interrupted',
  options: [
    ...filterOptions,
    { flags: '--json', description: 'print each entry as one line of JSON' },
    ...connectionOptions,
  ],
  examples: ['audit tail', 'audit tail --client cli_01k0… --json'],
  async run(args, terminal) {
    let last = await newestId(args, terminal);
    for (;;) {
      await sleep(pollMs);
      for (const entry of await fetchSince(last, args, terminal)) {
        last = Number(entry.id);
        terminal.out(isSet(args, 'json') ? `${JSON.stringify(entry)}\n` : formatEntry(withCount(entry)));
      }
    }
  },
};

async function fetchPage(
  args: ParsedArguments,
  terminal: Terminal,
  extra: Readonly<Record<string, string>>,
): Promise<Json> {
  const request = { method: 'GET', path: '/audit', query: { ...filterQuery(args), ...extra } } as const;
  return parseAnswer(await requestAdmin(request, args, terminal));
}

const newestId = async (args: ParsedArguments, terminal: Terminal): Promise<number> =>
  Number(itemsOf(await fetchPage(args, terminal, { limit: '1' }))[0]?.id ?? 0);

/** All entries after `last`, oldest first, from as many pages as needed. */
async function fetchSince(last: number, args: ParsedArguments, terminal: Terminal): Promise<Json[]> {
  const entries: Json[] = [];
  let before: string | undefined;
  do {
    const answer = await fetchPage(args, terminal, {
      limit: '100',
      ...(before === undefined ? {} : { before }),
    });
    const fresh = itemsOf(answer).filter((entry) => Number(entry.id) > last);
    entries.push(...fresh);
    before =
      fresh.length === itemsOf(answer).length && typeof answer.next === 'string' ? answer.next : undefined;
  } while (before !== undefined);
  return entries.reverse();
}

/** With the number of refusals, if the entry stands for several. */
function withCount<Entry extends Json>(entry: Entry): Entry {
  const { count } = (entry.facts ?? {}) as Json;
  return entry.actor !== 'unknown' || count === undefined
    ? entry
    : { ...entry, reason: `${cell(entry.reason)} (${cell(count)} times)` };
}

const formatEntry = ({ occurred_at, event, outcome, actor, connection, reason }: Json): string =>
  `${[occurred_at, event, outcome, actor, connection, reason]
    .filter((part) => part !== undefined)
    .map((part) => cell(part))
    .join('  ')}\n`;

export const audit: CommandGroup = {
  name: 'audit',
  description: 'read, verify and prune the audit log',
  commands: [
    adminCommand<Answers['AuditPage']>({
      usage: 'search',
      description: 'list entries, newest first',
      options: [
        ...filterOptions,
        {
          flags: '--from <time>',
          description: 'only entries from this time on, such as 2027-01-31T12:00:00Z',
        },
        { flags: '--to <time>', description: 'only entries up to this time' },
        { flags: '--before <id>', description: 'continue with entries before this id' },
        { flags: '--limit <count>', description: 'maximum number of entries' },
      ],
      examples: ['audit search --connection con_01k0… --limit 20', 'audit search --jti 5nX… --json'],
      request: (args) => ({ method: 'GET', path: '/audit', query: filterQuery(args) }),
      format: (answer) =>
        columns(itemsOf(answer).map(withCount), [
          'occurred_at',
          'event',
          'outcome',
          'actor',
          'connection',
          'reason',
        ]) + nextPageHint(answer, '--before'),
    }),
    tail,
    verify,
    exportLines,
    archive,
    prune,
  ],
};
