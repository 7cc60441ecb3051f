/**
 * The doors. Owns: listening, reading requests within bounds, routing by allow-list, and turning errors into bytes.
 * Does not own: any decision; each door hands over to the room that does.
 */
export { addressReader } from './address.ts';
export { type AdminRooms, createAdminApp } from './admin/index.ts';
export type { AppOptions } from './app.ts';
export { certificateReader } from './certificate.ts';
export { createPublicApp, type PublicServices as PublicRooms } from './public/index.ts';
export { type Listener, listen } from './server.ts';
export { followTls, readTls, type TlsPair } from './tls.ts';
