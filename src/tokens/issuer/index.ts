/**
 * The OIDC issuers: the shared one and those of tenants. Owns: discovery, JWKS, /token, the claims of every token, and the
 * verification of the server's API tokens. Does not own: the keys, the clients, or who may use a connection (policy).
 */
export { type Claims, connectionResource, type Deviation } from './claims.ts';
export { type PublishedDocument, publishedDocuments } from './document-pages.ts';
export {
  discoveryPath,
  documentUrls,
  type FixedDocument,
  fixedDocument,
  jwksPath,
  tokenPath,
} from './documents.ts';
export type { IncomingTokenRequest, Issuer, Statement, StatementType } from './issuer.ts';
export { createIssuers, type Issuers } from './issuers.ts';
export type { Prober } from './probe.ts';
export type { Refusal } from './refusal.ts';
export { peekBody } from './request-body.ts';
