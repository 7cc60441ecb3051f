/**
 * The worker thread of `listen.documents`. It has its own event loop, which no sign-in, page or disk can block. It serves
 * documents and nothing else.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SojournError } from '../../../platform/errors/index.ts';
import { systemElapsed, systemNow } from '../../../platform/time/index.ts';
import { within } from '../address.ts';
import { documentsFirst, endsIn } from '../fixed-documents.ts';
import { documentsReadinessPath } from '../readiness.ts';
import { faultOfTarget } from '../request-target.ts';
import { listen } from '../server.ts';
import { createDocumentsCache } from './cache.ts';
import type { FromThread, ThreadSettings, ToThread } from './messages.ts';
import { createObservations } from './observations.ts';

const port = parentPort!;
const send = (message: FromThread): void => port.postMessage(message);
const { host, port: tcpPort, tls, caps, proxies, documentPaths } = workerData as ThreadSettings;

const observe = createObservations((requests) => send({ type: 'observed', requests }));
const isDocument = endsIn(documentPaths);
let isDraining = false;
const cache = createDocumentsCache((path) => send({ type: 'find', path }), systemElapsed);
const handler = documentsFirst(
  {
    find: cache.find,
    isDocument,
    probes: new Map([[documentsReadinessPath, () => cache.hasDocuments() && !isDraining]]),
  },
  { now: systemNow, observe },
  (request, response) => {
    const { method, url = '' } = request;
    if (faultOfTarget(request) === 'host_invalid') {
      response.writeHead(400, { connection: 'close' }).end();
      return;
    }
    const isRead = method === 'GET' || method === 'HEAD';
    const status = isRead || !isDocument(url.replace(/\?.*/s, '')) ? 404 : 405;
    response.writeHead(status, status === 405 ? { allow: 'HEAD, GET' } : {}).end();
  },
);

try {
  const listener = await listen(handler, {
    ...{ host, port: tcpPort, tls, name: 'documents', isDocument, isProxy: within(proxies) },
    ...(caps && { caps }),
  });
  port.on('message', (message: ToThread) => {
    if (message.type === 'tls') listener.renewTls(message.tls);
    else if (message.type === 'drain') {
      isDraining = true;
      listener.startDraining();
    } else if (message.type === 'close') void listener.close().then(() => send({ type: 'closed' }));
    else cache.take(message);
  });
  send({ type: 'listening', origin: listener.origin });
} catch (error) {
  const { message: detail, advice } =
    error instanceof SojournError ? error : new SojournError('internal', { cause: error });
  send({ type: 'failed', detail, advice });
}
