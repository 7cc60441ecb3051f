/**
 * What is done to the state besides serving it. Owns: sealing the keys anew, taking and restoring a backup, each as one
 * act that can be done while servers run, or without any. Does not own: how keys or documents are kept.
 * The command line calls it.
 */
export { type BackupResult as BackedUp, backUp } from './backup.ts';
export { rekeyAll } from './rekey.ts';
export { type RestoreResult as Restored, restore } from './restore.ts';
