/** `sojourn store`: what an operator does to the store itself. */
import type { Acceptance } from '../../../server/rollback/index.ts';
import { type CommandGroup, type CommandSpec, isSet, text } from '../command.ts';
import { configOption, loadServerConfig } from '../config-option.ts';

const acceptRollback: CommandSpec = {
  usage: 'accept-rollback',
  description: 'continue on a store that has lost acknowledged writes, and list what may have come back',
  options: [
    configOption,
    { flags: '--reason <text>', description: 'for the audit log', required: true },
    { flags: '--json', description: 'print JSON' },
  ],
  examples: ['store accept-rollback --reason "failover of 3 May, ticket 4711" --config config/sojourn.yaml'],
  async run(args, terminal) {
    const config = await loadServerConfig(args, terminal.env);
    const { acceptStoreRollback } = await import('../../backup/index.ts');
    const acceptance = await acceptStoreRollback(config, text(args, 'reason') ?? '');
    terminal.out(isSet(args, 'json') ? `${JSON.stringify(acceptance, null, 2)}\n` : format(acceptance));
    return 0;
  },
};

function format({ lost, since, until, may_have_come_back }: Acceptance): string {
  const period = `${since ?? 'the first write'} and ${until ?? 'now'}`;
  const lists = Object.entries(may_have_come_back).map(
    ([type, ids]) => `  ${type.padEnd(12)}${ids.join('\n'.padEnd(15))}\n`,
  );
  return `Accepted: the store has lost writes; ${lost}.
Running servers continue within seconds. Restart a server that was started after the loss.

What was deleted, disabled or revoked between ${period} may have come back. Check:
${lists.join('') || '  nothing: the store is empty\n'}
Assertions and tokens of workloads that were used in that time can be used again until they expire.
`;
}

export const store: CommandGroup = {
  name: 'store',
  description: 'the store itself',
  commands: [acceptRollback],
};
