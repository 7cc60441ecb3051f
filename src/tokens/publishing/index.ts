/**
 * What outlives this server in buckets: copies of discovery and JWKS, and set-up files for the clouds' consoles. Owns:
 * putting them there by our own keyless exchange, healing what was lost, and noticing when a copy lags behind or lies. Does
 * not own: the documents (issuer), the files (clouds), the way into a cloud (exchange), or how a bucket is written (clouds).
 * Compose gives it its turns; serving never waits for the copies.
 */
export type { CopyState } from './copies.ts';
export type { PlaceState } from './publication.ts';
export { createPublishing } from './publishing.ts';
export { createTemplates } from './templates.ts';
