/**
 * The HTTP listeners. Owns: listening, reading requests with limits, routing by allow-list, and formatting errors.
 * Does not own: decisions; each route calls the module that decides.
 */
export { addressReader, within } from './address.ts';
export { type AdminRooms, createAdminApp } from './admin/index.ts';
export { mountMonitoring } from './admin/monitoring.ts';
export { type AppOptions, createApp } from './app.ts';
export { answerStoreUnavailable, unread } from './busy.ts';
export { certificateReader } from './certificate.ts';
export { type DocumentsThread, startDocumentsThread } from './documents-thread/index.ts';
export { documentsFirst, endsIn } from './fixed-documents.ts';
export { documentPaths, findDocument } from './public/documents.ts';
export { createPublicApp, type PublicServices as PublicRooms } from './public/index.ts';
export { documentsReadinessPath, type Probes, readinessPath } from './readiness.ts';
export { type Listener, listen } from './server.ts';
export { followTls, readTls, serverPair, type TlsPair } from './tls.ts';
