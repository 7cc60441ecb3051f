/**
 * The key rings of a running server. Owns: opening the key backend, refreshing the rings, the propagation check before a
 * key signs, and the audit and log lines about them. Does not own: the rings and key states (keys), or publishing to
 * mirrors (publishing). Compose uses it to open the rings.
 */

export { defaultKeyFile, encryptionKeySource, openKeyBackend } from './backend.ts';
export { followKeyRings, ringPollMs } from './follow.ts';
export { mirrorUrls, propagationObstacles } from './propagation.ts';
export { recordKeys, ringSettings } from './settings.ts';
