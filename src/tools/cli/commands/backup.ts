/** `sojourn backup` and `sojourn restore`. */
import type { BackedUp } from '../../backup/index.ts';
import { type CommandSpec, isSet, text } from '../command.ts';
import { configOption, loadServerConfig } from '../config-option.ts';

const jsonOption = { flags: '--json', description: 'print the answer as JSON' };

export const backup: CommandSpec = {
  usage: 'backup',
  description: 'write state and key rings into a new folder, while servers run',
  options: [
    configOption,
    { flags: '--output <folder>', description: 'a folder that is not there yet', required: true },
    {
      flags: '--with-encryption-key',
      description: 'the key-encryption key too: then the backup opens by itself',
    },
    jsonOption,
  ],
  examples: ['backup --output /backup/2027-01-31 --config config/sojourn.yaml'],
  async run(args, terminal) {
    const config = await loadServerConfig(args, terminal.env);
    const { backUp } = await import('../../backup/index.ts');
    const withKey = isSet(args, 'withEncryptionKey');
    const done = await backUp(config, { folder: text(args, 'output') ?? '', withKey });
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify(done, null, 2)}\n`
        : `The backup is in ${done.folder}.\n${describeKeyLocation(done, config.keys.backend)}\n`,
    );
    return 0;
  },
};

function describeKeyLocation({ encryption_key, encryption_key_included }: BackedUp, backend: string): string {
  if (encryption_key === null) return `The private keys are not in it: they stay with ${backend}.`;
  return encryption_key_included
    ? 'The key-encryption key is in it: whoever has the folder has the signing keys.'
    : `The key-encryption key is not in it. It is at ${encryption_key}: keep a copy of it apart from the backup.`;
}

export const restore: CommandSpec = {
  usage: 'restore <folder>',
  description: 'put a backup where the configuration wants state and keys; overwrites nothing',
  options: [configOption, jsonOption],
  examples: ['restore /backup/2027-01-31 --config config/sojourn.yaml'],
  async run(args, terminal) {
    const config = await loadServerConfig(args, terminal.env);
    const upkeep = await import('../../backup/index.ts');
    const done = await upkeep.restore(config, args.positionals[0] ?? '');
    const next =
      done.encryption_key_present || done.encryption_key === null
        ? 'Next: sojourn serve'
        : `Next: put the key-encryption key at ${done.encryption_key}, then: sojourn serve`;
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify(done, null, 2)}\n`
        : `Restored ${done.issuer} as of ${done.made_at}.\n${next}\n`,
    );
    return 0;
  },
};
