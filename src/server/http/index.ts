/**
 * The HTTP listeners. Owns: listening, reading requests with limits, routing by allow-list, and formatting errors.
 * Does not own: decisions; each route calls the module that decides.
 */
export { addressReader, within } from './address.ts';
export { type AdminRooms, createAdminApp } from './admin/index.ts';
export type { AppOptions } from './app.ts';
export { unread } from './busy.ts';
export { certificateReader } from './certificate.ts';
export { type DocumentsThread, startDocumentsThread } from './documents-thread/index.ts';
export { endsIn } from './fixed-documents.ts';
export { documentPaths, findDocument } from './public/documents.ts';
export { createPublicApp, type PublicServices as PublicRooms } from './public/index.ts';
export { documentsReadinessPath, type Probes, readinessPath } from './readiness.ts';
export { type Listener, listen } from './server.ts';
export { followTls, readTls, type TlsPair } from './tls.ts';
