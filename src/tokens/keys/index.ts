/**
 * The signing keys. Owns: the ring with its states, its two copies (store and disk), the backends of private halves.
 * Does not own: what is signed, or when an administrator rotates. The issuer signs with it; compose opens it.
 */

export type { KeyBackend, NewKey } from './backend.ts';
export { type BackendName, backendNames, openBackend } from './backends.ts';
export { checkCopies, copiesIn, copyRings, placeCopies } from './copies.ts';
export { readCopy } from './copy.ts';
export { encryptionKeyFile, parseEncryptionKey } from './file/encryption-key.ts';
export { fileBackend } from './file/index.ts';
export { Keyring, type KeyringOptions } from './keyring.ts';
export { Keyrings, type KeyringsOptions } from './keyrings.ts';
export type { Waiting } from './lookout.ts';
export { differenceAt, faultAt, type Place } from './outside.ts';
export { createOwnFile, readOwnFile, writeOwnFile } from './own-file.ts';
export { checkRings, type Rekeyed, rekey } from './rekey.ts';
export type { RingChange } from './replicated.ts';
export {
  type KeyRecord,
  type KeyState,
  nextStep,
  type PublicJwk,
  published,
  type Ring,
  type Step,
  type Timing,
} from './ring.ts';
export type { AzureIdentity, BackendContext, BackendSettings } from './settings.ts';
export { mainRing } from './shared.ts';
