/**
 * The clouds. Owns: what each cloud wants of a token, how it is entered, how its answers are explained and what its
 * customers apply. Does not own: who may use a connection, caching, audit or limits; those are the exchange's.
 * This list is the only one: a fourth cloud is one folder and one line here.
 */
export type * from './contract.ts';
