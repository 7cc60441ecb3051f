/** `sojourn keys rekey`: the private keys, sealed with another key-encryption key. */
import { existsSync } from 'node:fs';
import { type Environment, readSecret, secretSourceField } from '../../../server/config/index.ts';
import { type CommandSpec, isSet, type ParsedArguments, text } from '../command.ts';
import { configOption, loadServerConfig } from '../config-option.ts';
import { usageError } from '../failure.ts';

export const keysRekey: CommandSpec = {
  usage: 'rekey',
  description: 'seal the private keys with another key-encryption key',
  options: [
    configOption,
    { flags: '--from <place>', description: 'file:PATH or env:NAME of the key so far (else as configured)' },
    {
      flags: '--to <place>',
      description: 'file:PATH or env:NAME of the new one; a file is made if it is missing',
    },
    { flags: '--json', description: 'print the answer as JSON' },
  ],
  examples: ['keys rekey --to file:./data/encryption-2.key --config config/sojourn.yaml'],
  async run(args, terminal) {
    const config = await loadServerConfig(args, terminal.env);
    const { encryption_key: current, previous_encryption_key: former } = config.keys;
    const to = keySourceOf('--to', args, 'to', terminal.env) ?? (former ? current : null);
    if (!to) throw usageError('There is no new key-encryption key: name it with --to.');
    const from = keySourceOf('--from', args, 'from', terminal.env) ?? former ?? current ?? undefined;
    const { rekeyAll } = await import('../../backup/index.ts');
    const done = await rekeyAll(config, { from, to });
    const name = 'file' in to ? `file:${to.file}` : to.source;
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify({ ...done, encryption_key: name }, null, 2)}\n`
        : formatResult(done, name),
    );
    return 0;
  },
};

const formatResult = ({ keys, rewrapped }: { keys: number; rewrapped: number }, name: string): string =>
  `All ${keys} private keys open with ${name}; ${rewrapped} of them were rewrapped now.

Set keys.encryption_key to ${name} and restart every server. A server that has not been restarted yet seals what it
makes with the former key: when all have been, run this once more, and then the former key can go.
`;

function keySourceOf(option: string, args: ParsedArguments, name: string, env: Environment) {
  const value = text(args, name);
  if (value === undefined) return undefined;
  const source = secretSourceField.safeParse(value);
  if (!source.success) throw usageError(`${option} ${source.error.issues[0]?.message}.`);
  if (source.data.from === 'file' && !existsSync(source.data.file)) return { file: source.data.file };
  const read = readSecret(option, source.data, env);
  if (!read.value) throw usageError(`${option} ${read.faults[0]?.message}.`);
  return read.value;
}
