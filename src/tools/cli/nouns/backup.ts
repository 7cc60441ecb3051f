/** `sojourn backup` and `sojourn restore`. */
import type { BackedUp } from '../../backup/index.ts';
import { type CommandSpec, flag, text } from '../command.ts';
import { configGiven, configOption } from '../given-config.ts';

const jsonOption = { flags: '--json', about: 'print the answer as JSON' };

export const backup: CommandSpec = {
  usage: 'backup',
  about: 'write state and key rings into a new folder, while servers run',
  options: [
    configOption,
    { flags: '--output <folder>', about: 'a folder that is not there yet', required: true },
    { flags: '--with-encryption-key', about: 'the key-encryption key too: then the backup opens by itself' },
    jsonOption,
  ],
  examples: ['backup --output /backup/2027-01-31 --config config/sojourn.yaml'],
  async run(given, face) {
    const config = await configGiven(given, face.env);
    const { backUp } = await import('../../backup/index.ts');
    const withKey = flag(given, 'withEncryptionKey');
    const done = await backUp(config, { folder: text(given, 'output') ?? '', withKey });
    face.out(
      flag(given, 'json')
        ? `${JSON.stringify(done, null, 2)}\n`
        : `The backup is in ${done.folder}.\n${whereKeysAre(done, config.keys.backend)}\n`,
    );
    return 0;
  },
};

function whereKeysAre({ encryption_key, encryption_key_included }: BackedUp, backend: string): string {
  if (encryption_key === null) return `The private keys are not in it: they stay with ${backend}.`;
  return encryption_key_included
    ? 'The key-encryption key is in it: whoever has the folder has the signing keys.'
    : `The key-encryption key is not in it. It is at ${encryption_key}: keep a copy of it apart from the backup.`;
}

export const restore: CommandSpec = {
  usage: 'restore <folder>',
  about: 'put a backup where the configuration wants state and keys; overwrites nothing',
  options: [configOption, jsonOption],
  examples: ['restore /backup/2027-01-31 --config config/sojourn.yaml'],
  async run(given, face) {
    const config = await configGiven(given, face.env);
    const upkeep = await import('../../backup/index.ts');
    const done = await upkeep.restore(config, given.args[0] ?? '');
    const next =
      done.encryption_key_there || done.encryption_key === null
        ? 'Next: sojourn serve'
        : `Next: put the key-encryption key at ${done.encryption_key}, then: sojourn serve`;
    face.out(
      flag(given, 'json')
        ? `${JSON.stringify(done, null, 2)}\n`
        : `Restored ${done.issuer} as of ${done.made_at}.\n${next}\n`,
    );
    return 0;
  },
};
