/** The holders there are. This list is the only one: a sixth holder is one folder and one line here. */
import { awsKms } from './aws-kms/index.ts';
import { azureKeyVault } from './azure-key-vault/index.ts';
import { fileHolder } from './file/index.ts';
import { gcpKms } from './gcp-kms/index.ts';
import type { Holder } from './holder.ts';
import { pkcs11 } from './pkcs11/index.ts';
import type { HolderContext, HolderSettings, OpenHolder } from './settings.ts';

const holders = {
  file: async (_, { encryptionKey, formerEncryptionKey }) =>
    fileHolder(await encryptionKey(), formerEncryptionKey),
  'aws-kms': awsKms,
  'gcp-kms': gcpKms,
  'azure-key-vault': azureKeyVault,
  pkcs11,
} satisfies Record<string, OpenHolder>;

export type HolderName = keyof typeof holders;

export const holderNames = Object.keys(holders) as readonly HolderName[];

export const openHolder = (
  name: HolderName,
  settings: HolderSettings,
  context: HolderContext,
): Promise<Holder> => holders[name](settings, context);
