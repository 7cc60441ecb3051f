/**
 * The signing keys. Owns: the key rings and key states, their storage in the store and in local ring files, and the key
 * backends, which hold the private keys. Does not own: what is signed (issuer), or the manual rotation (admin API). The
 * issuer uses it to sign; compose opens it.
 */

export { identityVariables } from './azure-key-vault/identity-variables.ts';
export type { KeyBackend, NewKey } from './backend.ts';
export { backendKeys } from './backend-keys.ts';
export { type BackendName, backendNames, openBackend } from './backends.ts';
export type { ClockTrust } from './clock.ts';
export { createEncryptionKey, loadEncryptionKey, parseEncryptionKey } from './file/encryption-key.ts';
export { fileBackend, interruptedRekeyAdvice } from './file/index.ts';
export { readJournalJwk } from './journal-jwk.ts';
export { JournalKey, type JournalKeyOptions } from './journal-key.ts';
export { Keyring, type KeyringOptions } from './keyring.ts';
export { Keyrings, type KeyringsOptions } from './keyrings.ts';
export {
  createPrivateFile,
  readPrivateFile,
  requirePrivateFolder,
  writePrivateFile,
} from './private-file.ts';
export type { PostponedKey } from './propagation-check.ts';
export { checkRings, progressOf, type RekeyResult, rekey } from './rekey.ts';
export { type DocumentUrls, findDrift, findPropagationFault } from './remote-documents.ts';
export { type RingChange, requireUsableRing } from './replicated.ts';
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
export type { BackendContext, BackendSettings, PlatformIdentity } from './settings.ts';
export { journalRing, mainRing, ownerOf, readStoredRing } from './stored-ring.ts';
