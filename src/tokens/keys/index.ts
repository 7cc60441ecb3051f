/**
 * The signing keys. Owns: the ring with its states, its two copies (store and disk), the backends of private halves.
 * Does not own: what is signed, or when an administrator rotates. The issuer signs with it; compose opens it.
 */

export type { KeyBackend, NewKey } from './backend.ts';
export { type BackendName, backendNames, openBackend } from './backends.ts';
export { loadEncryptionKey, parseEncryptionKey } from './file/encryption-key.ts';
export { fileBackend } from './file/index.ts';
export { Keyring, type KeyringOptions } from './keyring.ts';
export { Keyrings, type KeyringsOptions } from './keyrings.ts';
export { createPrivateFile, readPrivateFile, writePrivateFile } from './private-file.ts';
export type { PostponedKey } from './propagation-check.ts';
export { checkRings, type RekeyResult, rekey } from './rekey.ts';
export { type DocumentUrls, findDrift, findPropagationFault } from './remote-documents.ts';
export type { RingChange } from './replicated.ts';
export {
  type KeyRecord,
  type KeyState,
  nextStep,
  type PublicJwk,
  publishedKeys,
  type Ring,
  type Step,
  type Timing,
} from './ring.ts';
export { readRingFile } from './ring-file.ts';
export { backupRings, checkRingFiles, restoreRingFiles, ringFileIds } from './ring-files.ts';
export type { AzureIdentity, BackendContext, BackendSettings } from './settings.ts';
export { mainRing } from './stored-ring.ts';
