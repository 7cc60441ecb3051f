/**
 * Maintenance of the stored state. Owns: backup, restore, and a change of the key-encryption key; backup and rekey work
 * while servers run. Does not own: the format of keys or records in the store. Used by the command line.
 */
export { acceptStoreRollback } from './accept-rollback.ts';
export { type BackupResult, backUp } from './backup.ts';
export { names as backupNames, readManifest } from './manifest.ts';
export { rekeyAll } from './rekey.ts';
export { type RestoreResult, restore } from './restore.ts';
export { silentLogger, withStore } from './state.ts';
