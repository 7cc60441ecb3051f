/**
 * Copies of discovery and JWKS that outlive this server. Owns: putting them into buckets by our own keyless exchange,
 * healing what was lost there, and noticing when a copy lags behind or lies. Does not own: the documents (issuer), the
 * way into a cloud (exchange), or how a bucket is written (clouds). Compose gives it its turns; serving never waits for it.
 */
export type { CopyState } from './copies.ts';
export type { PlaceState } from './publication.ts';
export { createPublishing } from './publishing.ts';
