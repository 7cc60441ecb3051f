/** `sojourn audit`: who did what. */

import { sleep } from '../../../platform/time/index.ts';
import { adminCommand, askAdmin, connectionOptions, itemsOf, more } from '../admin.ts';
import {
  type CommandSpec,
  type Face,
  flag,
  type Given,
  type Noun,
  type OptionSpec,
  text,
} from '../command.ts';
import { cell, columns, type Json } from '../print.ts';
import { readAnswer } from '../server.ts';

const filters = ['connection', 'client', 'tenant', 'jti', 'event', 'from', 'to', 'before', 'limit'] as const;

const filterOptions: readonly OptionSpec[] = [
  { flags: '--connection <id>', about: 'only this connection' },
  { flags: '--client <id>', about: 'only this client' },
  { flags: '--tenant <id>', about: 'only this tenant' },
  { flags: '--jti <jti>', about: 'only this token' },
  { flags: '--event <event>', about: 'only this event, such as token.issued' },
];

const query = (given: Given) => Object.fromEntries(filters.map((name) => [name, text(given, name)]));

const pollMs = 1_000;

const tail: CommandSpec = {
  usage: 'tail',
  about: 'print entries as they are written, until interrupted',
  options: [
    ...filterOptions,
    { flags: '--json', about: 'print each entry as one line of JSON' },
    ...connectionOptions,
  ],
  examples: ['audit tail', 'audit tail --client cli_01k0… --json'],
  async run(given, face) {
    let last = await newest(given, face);
    for (;;) {
      await sleep(pollMs);
      for (const entry of await since(last, given, face)) {
        last = Number(entry.id);
        face.out(flag(given, 'json') ? `${JSON.stringify(entry)}\n` : line(entry));
      }
    }
  },
};

async function page(given: Given, face: Face, extra: Readonly<Record<string, string>>): Promise<Json> {
  const request = { method: 'GET', path: '/audit', query: { ...query(given), ...extra } } as const;
  return readAnswer(await askAdmin(request, given, face));
}

const newest = async (given: Given, face: Face): Promise<number> =>
  Number(itemsOf(await page(given, face, { limit: '1' }))[0]?.id ?? 0);

/** Every entry above `last`, oldest first, over as many pages as there are. */
async function since(last: number, given: Given, face: Face): Promise<Json[]> {
  const found: Json[] = [];
  let before: string | undefined;
  do {
    const answer = await page(given, face, { limit: '100', ...(before === undefined ? {} : { before }) });
    const fresh = itemsOf(answer).filter((entry) => Number(entry.id) > last);
    found.push(...fresh);
    before =
      fresh.length === itemsOf(answer).length && typeof answer.next === 'string' ? answer.next : undefined;
  } while (before !== undefined);
  return found.reverse();
}

const line = ({ at, event, outcome, actor, connection, reason }: Json): string =>
  `${[at, event, outcome, actor, connection, reason]
    .filter((part) => part !== undefined)
    .map((part) => cell(part))
    .join('  ')}\n`;

export const audit: Noun = {
  name: 'audit',
  about: 'who did what',
  commands: [
    adminCommand({
      usage: 'search',
      about: 'list entries, newest first',
      options: [
        ...filterOptions,
        { flags: '--from <time>', about: 'not older than this, such as 2027-01-31T12:00:00Z' },
        { flags: '--to <time>', about: 'not newer than this' },
        { flags: '--before <id>', about: 'continue with entries older than this id' },
        { flags: '--limit <count>', about: 'how many at most' },
      ],
      examples: ['audit search --connection con_01k0… --limit 20', 'audit search --jti 5nX… --json'],
      ask: (given) => ({ method: 'GET', path: '/audit', query: query(given) }),
      tell: (answer) =>
        columns(itemsOf(answer), ['at', 'event', 'outcome', 'actor', 'connection', 'reason']) +
        more(answer, '--before'),
    }),
    tail,
  ],
};
