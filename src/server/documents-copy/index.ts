/**
 * The sealed copy of discovery and JWKS in `keys.path`, from which a replica serves them if it starts while the store is down. Owns:
 * the file, keeping it current, and the server that has only the documents. Does not own: the documents (issuer), or keys: no key
 * is created, read or used here.
 */
export { type Documents, readCopy } from './copy-file.ts';
export { keepCopy } from './keep.ts';
export { type DocumentsServer, startDocumentsServer } from './serve.ts';
