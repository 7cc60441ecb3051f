/** `sojourn keys rekey`: encrypts the private keys with a new key-encryption key. */
import { existsSync } from 'node:fs';
import { secretSourceField } from '../../../platform/settings/index.ts';
import { type Environment, readSecret } from '../../../server/config/index.ts';
import { type CommandSpec, isSet, type ParsedArguments, text } from '../command.ts';
import { configOption, loadServerConfig } from '../config-option.ts';
import { usageError } from '../failure.ts';

export const keysRekey: CommandSpec = {
  usage: 'rekey',
  description: 'encrypt the private keys with a new key-encryption key',
  options: [
    configOption,
    {
      flags: '--from <source>',
      description: 'current key, file:PATH or env:NAME (default: from the configuration)',
    },
    {
      flags: '--to <source>',
      description: 'new key, file:PATH or env:NAME; a missing file is created',
    },
    { flags: '--json', description: 'print JSON' },
  ],
  examples: ['keys rekey --to file:./data/encryption-2.key --config config/sojourn.yaml'],
  async run(args, terminal) {
    const config = await loadServerConfig(args, terminal.env);
    const { encryption_key: current, previous_encryption_key: previous } = config.keys;
    const to = readKeySource('--to', args, 'to', terminal.env) ?? (previous ? current : null);
    if (!to) throw usageError('The new key-encryption key is missing. Give it with --to.');
    const from = readKeySource('--from', args, 'from', terminal.env) ?? previous ?? current ?? undefined;
    const { rekeyAll } = await import('../../backup/index.ts');
    const result = await rekeyAll(config, { from, to });
    const name = 'file' in to ? `file:${to.file}` : to.source;
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify({ ...result, encryption_key: name }, null, 2)}\n`
        : formatResult(result, name),
    );
    return 0;
  },
};

const formatResult = ({ keys, rewrapped }: { keys: number; rewrapped: number }, name: string): string =>
  `${name} decrypts all ${keys} private keys; this run rewrapped ${rewrapped} of them.

Next:
1. Set keys.encryption_key to ${name} and restart all servers.
2. Run this command again: until its restart, a server encrypts new keys with the previous key.
3. Delete the previous key.
`;

function readKeySource(option: string, args: ParsedArguments, name: string, env: Environment) {
  const value = text(args, name);
  if (value === undefined) return undefined;
  const source = secretSourceField.safeParse(value);
  if (!source.success) throw usageError(`${option} ${source.error.issues[0]?.message}.`);
  if (source.data.from === 'file' && !existsSync(source.data.file)) return { file: source.data.file };
  const read = readSecret(option, source.data, env);
  if (!read.value) throw usageError(`${option} ${read.faults[0]?.message}.`);
  return read.value;
}
