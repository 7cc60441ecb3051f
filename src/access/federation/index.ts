/**
 * Workloads that are recognized by a token of their own issuer. Owns: what a client's trust may say, reading and judging
 * foreign tokens, and keys that others publish: foreign issuers', and clients' own. Does not own: the clients (they keep
 * their trust), or the token that such a workload gets (issuer).
 */
export { claimAt, drawerOf, drawersFor, shown } from './compare.ts';
export { createFederation, type Federation } from './federation.ts';
export { privateMembers } from './jwks.ts';
export { kindNames } from './kinds.ts';
export { matcherOf, type Pattern, patternField, textOf } from './pattern.ts';
export { refused } from './refused.ts';
export type { GiveBack, Take } from './take.ts';
export { type Claims, type ForeignToken, isForeign, issuersIn, readToken, typOfClients } from './token.ts';
export { plainHttpsField, type Trust, trustInput } from './trust.ts';
