/**
 * The OIDC issuers. Owns: discovery, JWKS, /token, what stands in a token, and checking our own API tokens, for the main
 * issuer and for those of tenants. Does not own: the keys, the clients, or the rules that admit. The public doors and the
 * exchange call it.
 */
export { type Claims, connectionResource, type Deviation } from './claims.ts';
export { discoveryPath, type FixedDocument, jwksPath, placeOf, tokenPath } from './documents.ts';
export type { IncomingTokenRequest, Issuer, Statement, StatementType } from './issuer.ts';
export { createIssuers, type Issuers } from './issuers.ts';
export type { Prober } from './probe.ts';
export { type PublishedDocument, publishedDocuments } from './published.ts';
export type { Refusal } from './refusal.ts';
export { peekBody } from './request-body.ts';
