/**
 * Work on the audit log as a whole. Owns: its verification, archives, pruning by age, exports with proofs, and the format of
 * their files. Does not own: the format of lines, tiles and checkpoints (platform), or searches (admin API). Used by the
 * command line.
 */
export { archiveLog, exportTenant, findDue, type LineSummary, type WrittenFile } from './archive.ts';
export type { Fault } from './fault.ts';
export { type OpenLog, openBackupLog, openConfiguredLog } from './open.ts';
export { pruneLog } from './prune.ts';
export { type Verification, type VerifyOptions, verifyStore } from './verify.ts';
export { type FileVerification, verifyFile } from './verify-file.ts';
