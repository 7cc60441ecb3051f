/** `sojourn keys revoke` and `keys impact`: a key in foreign hands, and what each customer must do about it. */
import { apiPath, connectionOptions, itemsOf, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal } from '../command.ts';
import { cell, type Json, printable } from '../print.ts';
import { parseAnswer } from '../server.ts';

const options = [
  { flags: '--json', description: 'print the connections that are touched as JSON, one to a line' },
  ...connectionOptions,
];

export const keysImpact: CommandSpec = {
  usage: 'impact <kid>',
  description: 'tell which connections a leak of the key touches, and what each customer must do',
  options,
  examples: ['keys impact 0rTzO…', 'keys impact 0rTzO… --json'],
  async run(args, terminal) {
    await printImpact(args, terminal);
    return 0;
  },
};

export const keysRevoke: CommandSpec = {
  usage: 'revoke <kid>',
  description: 'take a key out of the JWKS for good, let the next one sign, and tell whom it touches',
  options,
  examples: ['keys revoke 0rTzO…'],
  async run(args, terminal) {
    const [kid] = args.positionals;
    const answer = parseAnswer(
      await requestAdmin({ method: 'POST', path: apiPath`/keys/${kid}/revoke` }, args, terminal),
    );
    const key = itemsOf(answer).find((one) => one.kid === kid);
    const successor = itemsOf(answer).find((one) => one.alg === key?.alg && one.state === 'active');
    if (!isSet(args, 'json')) {
      terminal.out(
        `Revoked ${cell(kid)}. It leaves the JWKS of every replica within seconds.\n` +
          `${cell(key?.alg)} tokens are signed by ${cell(successor?.kid)} now.\n\n` +
          'Clouds go on trusting what they have cached. Whom it touches, and what to do:\n',
      );
    }
    await printImpact(args, terminal);
    return 0;
  },
};

/** Page by page: there may be very many. */
async function printImpact(args: ParsedArguments, terminal: Terminal): Promise<void> {
  const tenants = new Set<unknown>();
  let connections = 0;
  let after: string | undefined;
  do {
    const query = { after, limit: '200' };
    const page = parseAnswer(
      await requestAdmin(
        { method: 'GET', path: apiPath`/keys/${args.positionals[0]}/impact`, query },
        args,
        terminal,
      ),
    );
    for (const item of itemsOf(page)) {
      terminal.out(isSet(args, 'json') ? `${JSON.stringify(item)}\n` : formatConnection(item));
      tenants.add(item.tenant);
      connections++;
    }
    after = typeof page.next === 'string' ? page.next : undefined;
  } while (after !== undefined);
  if (!isSet(args, 'json')) {
    terminal.out(`\nTouched: connections ${connections}, tenants ${tenants.size}.\n`);
  }
}

function formatConnection({ connection, name, tenant, cloud, trusted_for, steps }: Json): string {
  const list = Array.isArray(steps) ? (steps as Json[]) : [];
  const head = `\n${cell(cloud)}  ${cell(connection)}  ${cell(name)}  (${cell(tenant)})\n  ${cell(trusted_for)}\n`;
  if (list.length === 0) return `${head}  Nothing is set up in the cloud yet.\n`;
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
