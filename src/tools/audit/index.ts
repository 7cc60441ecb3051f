/**
 * Work on the audit log as a whole. Owns: its verification. Does not own: the format of lines, tiles and checkpoints
 * (platform), or searches (admin API). Used by the command line.
 */
export type { Fault } from './fault.ts';
export { type OpenLog, openBackupLog, openConfiguredLog } from './open.ts';
export { type Verification, type VerifyOptions, verifyStore } from './verify.ts';
