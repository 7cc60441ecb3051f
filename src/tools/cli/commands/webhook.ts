/** `sojourn webhook`: receivers of events about connections. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, apiPath, itemsOf, nextPageHint, pageOptions, pageQuery } from '../admin.ts';
import { type CommandGroup, type OptionSpec, text, texts } from '../command.ts';
import { cell, columns, record } from '../print.ts';

const eventOption: OptionSpec = {
  flags: '--event <name>',
  description: 'only this event, such as connection.verified (repeatable)',
  repeatable: true,
};

const eventsOf = (names: readonly string[]) => (names.length === 0 ? {} : { events: names });

export const webhook: CommandGroup = {
  name: 'webhook',
  description: 'manage webhooks: receivers of events about connections',
  commands: [
    adminCommand({
      usage: 'create <url>',
      description: 'create a webhook: a URL that receives security event tokens (RFC 8417)',
      options: [{ flags: '--tenant <id>', description: 'only events of this tenant' }, eventOption],
      examples: [
        'webhook create https://ops.example.com/sojourn',
        'webhook create https://ops.example.com/sojourn --event connection.verified',
      ],
      request: (args) => ({
        method: 'POST',
        path: '/webhooks',
        body: {
          url: args.positionals[0],
          ...(text(args, 'tenant') === undefined ? {} : { tenant: text(args, 'tenant') }),
          ...eventsOf(texts(args, 'event')),
        },
      }),
      format: record,
    }),
    adminCommand<Answers['WebhookPage']>({
      usage: 'list',
      description: 'list webhooks',
      options: pageOptions,
      examples: ['webhook list'],
      request: (args) => ({ method: 'GET', path: '/webhooks', query: pageQuery(args) }),
      format: (answer) =>
        columns(itemsOf(answer), ['id', 'url', 'tenant', 'disabled']) + nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'show <id>',
      description: 'show a webhook',
      examples: ['webhook show whk_01k0…'],
      request: ({ positionals }) => ({ method: 'GET', path: apiPath`/webhooks/${positionals[0]}` }),
      format: record,
    }),
    ...(['disable', 'enable'] as const).map((verb) =>
      adminCommand({
        usage: `${verb} <id>`,
        description:
          verb === 'disable'
            ? 'stop deliveries; events that occur while it is disabled are never delivered'
            : 'deliver new events again',
        examples: [`webhook ${verb} whk_01k0…`],
        request: ({ positionals }) => ({
          method: 'PATCH',
          path: apiPath`/webhooks/${positionals[0]}`,
          body: { disabled: verb === 'disable' },
        }),
        format: record,
      }),
    ),
    adminCommand({
      usage: 'delete <id>',
      description: 'delete a webhook and its pending deliveries',
      examples: ['webhook delete whk_01k0…'],
      request: ({ positionals }) => ({ method: 'DELETE', path: apiPath`/webhooks/${positionals[0]}` }),
      format: (_, { positionals }) => `Deleted ${positionals[0]}.\n`,
    }),
    adminCommand<Answers['DeliveryPage']>({
      usage: 'deliveries <id>',
      description: 'list deliveries, oldest first',
      options: pageOptions,
      examples: ['webhook deliveries whk_01k0…'],
      request: (args) => ({
        method: 'GET',
        path: apiPath`/webhooks/${args.positionals[0]}/deliveries`,
        query: pageQuery(args),
      }),
      format: (answer) =>
        columns(itemsOf(answer).map(toRow), [
          'id',
          'event',
          'connection',
          'occurred_at',
          'state',
          'attempts',
          'last_result',
        ]) + nextPageHint(answer, '--after'),
    }),
    adminCommand({
      usage: 'redeliver <id> <delivery>',
      description: 'repeat a delivery',
      examples: ['webhook redeliver whk_01k0… whk_01k0….0000000000000042'],
      request: ({ positionals }) => ({
        method: 'POST',
        path: apiPath`/webhooks/${positionals[0]}/deliveries/${positionals[1]}/redeliver`,
      }),
      format: (_, { positionals }) => `Redelivering ${cell(positionals[1])} within a few seconds.\n`,
    }),
  ],
};

function toRow(delivery: Answers['Delivery']) {
  const attempts = Array.isArray(delivery.attempts) ? delivery.attempts : [];
  const last = attempts.at(-1);
  return { ...delivery, attempts: attempts.length, last_result: last?.http_status ?? last?.error ?? '' };
}
