/**
 * A store that lost acknowledged writes. Owns: the high-water mark of this replica, its comparison with the store at the start and
 * every second, and the acceptance of a rollback. Does not own: refusing writes (store), or the checkpoints (audit).
 */
export { type Acceptance, acceptRollback } from './accept.ts';
export { renewMark } from './mark-file.ts';
export { currentMarks } from './marks.ts';
export { type RollbackWatch, watchForRollback } from './watch.ts';
