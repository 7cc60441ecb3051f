/**
 * Publishing to buckets: mirrors of discovery and JWKS, which outlive this server, and set-up files for the clouds'
 * consoles. Owns: writing them with credentials from an exchange, restoring lost ones, and detecting mirrors that are
 * outdated or altered. Does not own: the documents (issuer), the set-up files and the bucket APIs (clouds), or the
 * credentials (exchange). Compose starts it; serving the documents never waits for a mirror.
 */
export type { MirrorState } from './mirrors.ts';
export type { BucketState } from './publisher.ts';
export { createPublishing } from './publishing.ts';
export { createTemplates } from './templates.ts';
