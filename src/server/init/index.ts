/**
 * The beginning of an issuer. Owns: creating the key-encryption key, the first key ring and the first admin token, once, and the
 * record of the issuer in the store, which every start checks. Does not own: the keys (keys), or how a server starts (compose).
 */
export { type InitOptions, type InitResult, initialize, initializeIfNew } from './initialize.ts';
export { requireIssuer, requireState } from './start-check.ts';
