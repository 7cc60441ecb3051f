/**
 * The issuer's documents as a cloud gets them. Owns: fetching a public document (deadline, size, redirects), and what makes
 * a cloud reject the response. Does not own: what its members must be (doctor, keys), or fetching the documents of a
 * client's issuer, where this server is the verifier and guards its own network (federation). The sandbox clouds fetch with
 * their own code: they test this server, and an error in shared code would hide itself.
 */
export { deadlineMs, type Fetched, type FetchPublic, fetchPublic } from './fetch.ts';
export { type DocumentFault, type Members, readDocument } from './read.ts';
