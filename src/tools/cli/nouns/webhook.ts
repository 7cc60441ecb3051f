/** `sojourn webhook`: where your own systems hear of connections. */
import { adminCommand, at, itemsOf, more, pageOptions, pageQuery } from '../admin.ts';
import { type Noun, type OptionSpec, text, texts } from '../command.ts';
import { cell, columns, type Json, record } from '../print.ts';

const eventOption: OptionSpec = {
  flags: '--event <name>',
  about: 'only this event; may be given many times (connection.verified …)',
  many: true,
};

const eventsOf = (names: readonly string[]) => (names.length === 0 ? {} : { events: names });

export const webhook: Noun = {
  name: 'webhook',
  about: 'where your own systems hear of connections',
  commands: [
    adminCommand({
      usage: 'create <url>',
      about: 'post security event tokens to a receiver from now on',
      options: [{ flags: '--tenant <id>', about: 'only what concerns this tenant' }, eventOption],
      examples: [
        'webhook create https://ops.example.com/sojourn',
        'webhook create https://ops.example.com/sojourn --event connection.verified',
      ],
      ask: (given) => ({
        method: 'POST',
        path: '/webhooks',
        body: {
          url: given.args[0],
          ...(text(given, 'tenant') === undefined ? {} : { tenant: text(given, 'tenant') }),
          ...eventsOf(texts(given, 'event')),
        },
      }),
      tell: record,
    }),
    adminCommand({
      usage: 'list',
      about: 'list the webhooks',
      options: pageOptions,
      examples: ['webhook list'],
      ask: (given) => ({ method: 'GET', path: '/webhooks', query: pageQuery(given) }),
      tell: (answer) =>
        columns(itemsOf(answer), ['id', 'url', 'tenant', 'disabled']) + more(answer, '--after'),
    }),
    adminCommand({
      usage: 'show <id>',
      about: 'show one webhook',
      examples: ['webhook show whk_01k0…'],
      ask: ({ args }) => ({ method: 'GET', path: at`/webhooks/${args[0]}` }),
      tell: record,
    }),
    ...(['disable', 'enable'] as const).map((verb) =>
      adminCommand({
        usage: `${verb} <id>`,
        about:
          verb === 'disable' ? 'tell it nothing until it is enabled' : 'tell it what happens from now on',
        examples: [`webhook ${verb} whk_01k0…`],
        ask: ({ args }) => ({
          method: 'PATCH',
          path: at`/webhooks/${args[0]}`,
          body: { disabled: verb === 'disable' },
        }),
        tell: record,
      }),
    ),
    adminCommand({
      usage: 'delete <id>',
      about: 'remove a webhook; what waits for it is dropped',
      examples: ['webhook delete whk_01k0…'],
      ask: ({ args }) => ({ method: 'DELETE', path: at`/webhooks/${args[0]}` }),
      tell: (_, { args }) => `Deleted ${args[0]}.\n`,
    }),
    adminCommand({
      usage: 'deliveries <id>',
      about: 'list what was and will be told, oldest first',
      options: pageOptions,
      examples: ['webhook deliveries whk_01k0…'],
      ask: (given) => ({
        method: 'GET',
        path: at`/webhooks/${given.args[0]}/deliveries`,
        query: pageQuery(given),
      }),
      tell: (answer) =>
        columns(itemsOf(answer).map(lineOf), ['id', 'event', 'connection', 'at', 'state', 'tries', 'last']) +
        more(answer, '--after'),
    }),
    adminCommand({
      usage: 'redeliver <id> <delivery>',
      about: 'tell one delivery once more',
      examples: ['webhook redeliver whk_01k0… whk_01k0….0000000000000042'],
      ask: ({ args }) => ({
        method: 'POST',
        path: at`/webhooks/${args[0]}/deliveries/${args[1]}/redeliver`,
      }),
      tell: (_, { args }) => `${cell(args[1])} is told again within a few seconds.\n`,
    }),
  ],
};

function lineOf(delivery: Json): Json {
  const attempts = Array.isArray(delivery.attempts) ? (delivery.attempts as Json[]) : [];
  const last = attempts.at(-1);
  return { ...delivery, tries: attempts.length, last: last?.status ?? last?.error ?? '' };
}
