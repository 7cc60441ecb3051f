/** `sojourn keys revoke` and `keys impact`: a leaked key, the affected connections, and what each customer must do. */
import { apiPath, connectionOptions, itemsOf, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal } from '../command.ts';
import { allPages } from '../pages.ts';
import { cell, counted, type Json, printable } from '../print.ts';
import { parseAnswer } from '../server.ts';

const options = [
  { flags: '--json', description: 'print one affected connection per line, as JSON' },
  ...connectionOptions,
];

export const keysImpact: CommandSpec = {
  usage: 'impact <kid>',
  description: 'show which connections a leak of the key affects, and what to do',
  options,
  examples: ['keys impact 0rTzO…', 'keys impact 0rTzO… --json'],
  async run(args, terminal) {
    await printImpact(args, terminal);
    return 0;
  },
};

export const keysRevoke: CommandSpec = {
  usage: 'revoke <kid>',
  description: 'revoke a leaked key, sign with the next one, and show the impact',
  options,
  examples: ['keys revoke 0rTzO…'],
  async run(args, terminal) {
    const [kid] = args.positionals;
    const answer = parseAnswer(
      await requestAdmin({ method: 'POST', path: apiPath`/keys/${kid}/revoke` }, args, terminal),
    );
    const revoked = itemsOf(answer).find((key) => key.kid === kid);
    const successor = itemsOf(answer).find((key) => key.alg === revoked?.alg && key.state === 'active');
    if (!isSet(args, 'json')) {
      terminal.out(
        `Revoked ${cell(kid)}. All replicas remove it from the JWKS within seconds.\n` +
          `${cell(successor?.kid)} now signs ${cell(revoked?.alg)} tokens.\n\n` +
          'Clouds trust the revoked key until their cached JWKS expires. Affected connections:\n',
      );
    }
    await printImpact(args, terminal);
    return 0;
  },
};

/** Prints page by page, because a key can affect very many connections. */
async function printImpact(args: ParsedArguments, terminal: Terminal): Promise<void> {
  const tenants = new Set<unknown>();
  let connections = 0;
  const path = apiPath`/keys/${args.positionals[0]}/impact`;
  const pages = allPages(async (query) =>
    parseAnswer(await requestAdmin({ method: 'GET', path, query }, args, terminal)),
  );
  for await (const page of pages) {
    for (const item of itemsOf(page)) {
      terminal.out(isSet(args, 'json') ? `${JSON.stringify(item)}\n` : formatConnection(item));
      tenants.add(item.tenant);
      connections++;
    }
  }
  if (!isSet(args, 'json')) {
    terminal.out(
      `\nAffected: ${counted(connections, 'connection')} of ${counted(tenants.size, 'tenant')}.\n`,
    );
  }
}

function formatConnection({ connection, name, tenant, cloud, trusted_for, steps }: Json): string {
  const list = Array.isArray(steps) ? (steps as Json[]) : [];
  const head = `\n${cell(cloud)}  ${cell(connection)}  ${cell(name)}  (${cell(tenant)})\n  ${cell(trusted_for)}\n`;
  if (list.length === 0) return `${head}  Nothing to do: the customer has not set up the connection yet.\n`;
  return (
    head +
    list
      .map(({ instruction, command }, index) => {
        const code = command === undefined ? '' : `${printable(String(command)).replace(/^/gm, '     ')}\n`;
        return `  ${index + 1}. ${cell(instruction)}\n${code}`;
      })
      .join('')
  );
}
