/**
 * Federated clients: workloads that sign in with a token of an external issuer.
 * Owns: the trust of a client, the known platforms, parsing and verifying external tokens, and fetching remote JWKS, of external
 * issuers and of clients with a `jwks_uri`.
 * Does not own: the clients (clients), or the tokens that such a workload gets (issuer).
 */
export { claimAt, indexKeyOf, indexKeysFor, safeText } from './compare.ts';
export { createFederation, type Federation } from './federation.ts';
export { privateMembers } from './jwks.ts';
export { matcherOf, type Pattern, patternField, textOf } from './pattern.ts';
export { platformNames } from './platforms.ts';
export { refused } from './refusal.ts';
export type { ConsumeToken, Release } from './replay.ts';
export { type Claims, isExternal, issuersIn, type ParsedToken, readToken, typOfClients } from './token.ts';
export { plainHttpsField, type Trust, trustInput } from './trust.ts';
