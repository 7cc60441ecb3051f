/** `sojourn keys rekey`: the private keys, sealed with another key-encryption key. */
import { existsSync } from 'node:fs';
import { type Environment, readSecret, secretSourceField } from '../../../server/config/index.ts';
import { type CommandSpec, flag, type Given, text } from '../command.ts';
import { usageError } from '../failure.ts';
import { configGiven, configOption } from '../given-config.ts';

export const keysRekey: CommandSpec = {
  usage: 'rekey',
  about: 'seal the private keys with another key-encryption key',
  options: [
    configOption,
    { flags: '--from <place>', about: 'file:PATH or env:NAME of the key so far (else as configured)' },
    { flags: '--to <place>', about: 'file:PATH or env:NAME of the new one; a file is made if it is missing' },
    { flags: '--json', about: 'print the answer as JSON' },
  ],
  examples: ['keys rekey --to file:./data/encryption-2.key --config config/sojourn.yaml'],
  async run(given, face) {
    const config = await configGiven(given, face.env);
    const { encryption_key: current, previous_encryption_key: former } = config.keys;
    const to = placeOf('--to', given, 'to', face.env) ?? (former ? current : null);
    if (!to) throw usageError('There is no new key-encryption key: name it with --to.');
    const from = placeOf('--from', given, 'from', face.env) ?? former ?? current ?? undefined;
    const { rekeyAll } = await import('../../backup/index.ts');
    const done = await rekeyAll(config, { from, to });
    const name = 'file' in to ? `file:${to.file}` : to.source;
    face.out(
      flag(given, 'json')
        ? `${JSON.stringify({ ...done, encryption_key: name }, null, 2)}\n`
        : told(done, name),
    );
    return 0;
  },
};

const told = ({ keys, resealed }: { keys: number; resealed: number }, name: string): string =>
  `All ${keys} private keys open with ${name}; ${resealed} of them were sealed anew now.

Set keys.encryption_key to ${name} and restart every server. A server that has not been restarted yet seals what it
makes with the former key: when all have been, run this once more, and then the former key can go.
`;

function placeOf(option: string, given: Given, name: string, env: Environment) {
  const value = text(given, name);
  if (value === undefined) return undefined;
  const source = secretSourceField.safeParse(value);
  if (!source.success) throw usageError(`${option} ${source.error.issues[0]?.message}.`);
  if (source.data.from === 'file' && !existsSync(source.data.file)) return { file: source.data.file };
  const read = readSecret(option, source.data, env);
  if (!read.value) throw usageError(`${option} ${read.faults[0]?.message}.`);
  return read.value;
}
