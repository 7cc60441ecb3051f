/** The list of key backends. A new backend needs one folder and one line here. */
import { awsKms } from './aws-kms/index.ts';
import { azureKeyVault } from './azure-key-vault/index.ts';
import type { KeyBackend } from './backend.ts';
import { fileBackend } from './file/index.ts';
import { gcpKms } from './gcp-kms/index.ts';
import { pkcs11 } from './pkcs11/index.ts';
import type { BackendContext, BackendSettings, OpenBackend } from './settings.ts';

const backends = {
  file: async (_, { encryptionKey, encryptionKeySource, previousEncryptionKey }) =>
    fileBackend(await encryptionKey(), previousEncryptionKey, encryptionKeySource),
  'aws-kms': awsKms,
  'gcp-kms': gcpKms,
  'azure-key-vault': azureKeyVault,
  pkcs11,
} satisfies Record<string, OpenBackend>;

export type BackendName = keyof typeof backends;

export const backendNames = Object.keys(backends) as readonly BackendName[];

export const openBackend = (
  name: BackendName,
  settings: BackendSettings,
  context: BackendContext,
): Promise<KeyBackend> => backends[name](settings, context);
