/** `sojourn backup` and `sojourn restore`. */
import type { BackupResult } from '../../backup/index.ts';
import { type CommandSpec, isSet, text } from '../command.ts';
import { configOption, loadServerConfig } from '../config-option.ts';

const jsonOption = { flags: '--json', description: 'print JSON' };

export const backup: CommandSpec = {
  usage: 'backup',
  description: 'write a backup to a new folder; servers may keep running',
  options: [
    configOption,
    { flags: '--output <folder>', description: 'folder to create', required: true },
    {
      flags: '--with-encryption-key',
      description: 'include the key-encryption key; the backup then contains usable signing keys',
    },
    jsonOption,
  ],
  examples: ['backup --output /backup/2027-01-31 --config config/sojourn.yaml'],
  async run(args, terminal) {
    const config = await loadServerConfig(args, terminal.env);
    const { backUp } = await import('../../backup/index.ts');
    const withKey = isSet(args, 'withEncryptionKey');
    const result = await backUp(config, { folder: text(args, 'output') ?? '', withKey });
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify(result, null, 2)}\n`
        : `Wrote the backup to ${result.folder}.\n${describeKeyLocation(result, config.keys.backend)}\n`,
    );
    return 0;
  },
};

function describeKeyLocation(
  { encryption_key, encryption_key_included }: BackupResult,
  backend: string,
): string {
  if (encryption_key === null) return `It does not contain the private keys: they stay in ${backend}.`;
  return encryption_key_included
    ? 'It contains the key-encryption key: anyone who can read the folder has the signing keys.'
    : `It does not contain the key-encryption key, ${encryption_key}. Back that up separately.`;
}

export const restore: CommandSpec = {
  usage: 'restore <folder>',
  description: 'restore a backup; overwrites nothing',
  options: [configOption, jsonOption],
  examples: ['restore /backup/2027-01-31 --config config/sojourn.yaml'],
  async run(args, terminal) {
    const config = await loadServerConfig(args, terminal.env);
    const backups = await import('../../backup/index.ts');
    const result = await backups.restore(config, args.positionals[0] ?? '');
    const next =
      result.encryption_key_present || result.encryption_key === null
        ? 'Next: sojourn serve'
        : `Next: put the key-encryption key at ${result.encryption_key}, then run: sojourn serve`;
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify(result, null, 2)}\n`
        : `Restored ${result.issuer} as of ${result.created_at}.\n${next}\n`,
    );
    return 0;
  },
};
