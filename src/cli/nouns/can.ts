/** `sojourn can`: whether a client may use a connection, and why. */
import { adminCommand, at } from '../admin.ts';
import type { CommandSpec } from '../command.ts';
import { cell, type Json } from '../print.ts';

const reasons: Readonly<Record<string, string>> = {
  no_rule: 'no rule of the client admits to the connection',
  client_disabled: 'the client is disabled',
  connection_disabled: 'the connection is disabled',
  connection_paused: 'the customer has paused the connection',
};

export const can: CommandSpec = adminCommand({
  usage: 'can <client> <connection>',
  about: 'tell whether a client may use a connection, and which rule decides; ends with 1 when not',
  examples: ['can cli_01k0… con_01k0…'],
  ask: ({ args }) => ({ method: 'GET', path: at`/clients/${args[0]}/can/${args[1]}` }),
  tell: ({ allowed, because, rule }) => {
    const { index, ...conditions } = (rule ?? {}) as Json;
    return allowed === true
      ? `yes: rule ${cell(index)} (${cell(conditions)})\n`
      : `no: ${reasons[String(because)] ?? cell(because)}\n`;
  },
  exit: ({ allowed }) => (allowed === true ? 0 : 1),
});
