/**
 * The signing keys running server keeps them. Owns: opening their backend, following what other replicas do, what is
 * looked for outside before a key signs, and what of all this is told. Does not own: the rings and their states (keys), or
 * publishing copies (publication). Compose opens the rings with it.
 */

export { openKeyBackend } from './backend.ts';
export { followKeyRings, ringPollMs } from './follow.ts';
export { mirrorUrls, propagationObstacles } from './propagation.ts';
export { ringSettings } from './settings.ts';
