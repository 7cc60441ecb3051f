/**
 * The documents that the thread has: those of the shared issuer, which the server sends on each change, and those of tenant
 * issuers, which it asks for. While the server does not answer, the thread serves what it has.
 */
import { createBoundedMap } from '../../../platform/cache/index.ts';
import type { Elapsed } from '../../../platform/time/index.ts';
import type { FindDocument, Found } from '../fixed-documents.ts';
import type { SentDocument, ToThread } from './messages.ts';

export interface DocumentsCache {
  readonly find: FindDocument;
  /** Whether it has the documents of the shared issuer. */
  hasDocuments(): boolean;
  /** Takes a message of the server. */
  take(message: ToThread): void;
}

interface Entry {
  readonly found: Found;
  freshUntil: number;
}

/** About 20 MB. */
const maxDocuments = 10_000;
/** A deleted tenant, or a key that another replica has revoked, is seen after this time. */
const freshMs = 10_000;
/** How long a caller waits for a document that the thread does not have, or only an old version of. */
const patienceMs = 1_000;
const refreshMs = 30;
/** Callers that wait for the server; beyond it, an unknown path is answered at once. */
const maxWaiting = 1_000;

export function createDocumentsCache(ask: (path: string) => void, elapsed: Elapsed): DocumentsCache {
  const shared = new Map<string, Found>();
  const others = createBoundedMap<Entry>(maxDocuments);
  const waiting = new Map<string, ((found: Found | undefined) => void)[]>();
  let callers = 0;

  const settle = (path: string): void => {
    const found = others.peek(path)?.found;
    const resolvers = waiting.get(path) ?? [];
    waiting.delete(path);
    callers -= resolvers.length;
    for (const resolve of resolvers) resolve(found);
  };

  const request = (path: string, waitMs: number): Promise<Found | undefined> =>
    new Promise((resolve) => {
      const resolvers = waiting.get(path);
      callers += 1;
      if (resolvers) {
        resolvers.push(resolve);
        return;
      }
      waiting.set(path, [resolve]);
      ask(path);
      setTimeout(() => settle(path), waitMs).unref();
    });

  return {
    find(path) {
      const known = shared.get(path);
      if (known) return known;
      const entry = others.get(path);
      if (entry && elapsed() < entry.freshUntil) return entry.found;
      return callers < maxWaiting ? request(path, entry ? refreshMs : patienceMs) : entry?.found;
    },

    hasDocuments: () => shared.size > 0,

    take(message) {
      if (message.type === 'documents') {
        for (const [path, document] of message.documents) shared.set(path, foundOf(document));
        // A change of keys may concern any issuer.
        for (const [, entry] of others.entries()) entry.freshUntil = 0;
      } else if (message.type === 'found') {
        const { path, found, failed } = message;
        if (found) others.set(path, { found: foundOf(found), freshUntil: elapsed() + freshMs });
        else if (!failed) others.delete(path);
        settle(path);
      }
    },
  };
}

const foundOf = ({ route, body, headers }: SentDocument): Found => ({
  route,
  document: { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength), headers },
});
