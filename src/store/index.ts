/**
 * Where the state lives. Owns: one small contract with atomic steps, and its two backends. Does not own: what the
 * documents mean; every room brings its own.
 */
export type * from './contract.ts';
