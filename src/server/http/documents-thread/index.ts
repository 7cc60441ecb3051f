/**
 * The listener of `listen.documents`, in a thread whose event loop no sign-in, page or disk can block. Owns: the thread, and
 * sending it the documents. Does not own: the documents (issuer).
 */
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SojournError } from '../../../platform/errors/index.ts';
import type { AppOptions } from '../app.ts';
import type { FindDocument, Found } from '../fixed-documents.ts';
import type { Listener } from '../server.ts';
import type { FromThread, SentDocument, ThreadSettings, ToThread } from './messages.ts';

const program = join(import.meta.dirname, `thread${extname(import.meta.filename)}`);

export interface DocumentsThread extends Listener {
  /** Call it when keys have changed. */
  update(): Promise<void>;
}

export interface DocumentsThreadOptions extends ThreadSettings {
  readonly find: FindDocument;
  /** Paths of the documents of the shared issuer. */
  readonly shared: readonly string[];
  /** Called at most a second after each request for a document. */
  readonly observe: AppOptions['observe'];
}

/** Rejects with `config_invalid` if the address cannot be used. */
export async function startDocumentsThread(options: DocumentsThreadOptions): Promise<DocumentsThread> {
  const { find, shared, observe, ...settings } = options;
  const worker = new Worker(program, { workerData: settings });
  const post = (message: ToThread): void => worker.postMessage(message);

  const answer = async (path: string): Promise<void> => {
    try {
      const found = await find(path);
      post({ type: 'found', path, ...(found && { found: sent(found) }) });
    } catch {
      post({ type: 'found', path, failed: true });
    }
  };
  const update = async (): Promise<void> => {
    const documents: [string, SentDocument][] = [];
    for (const path of shared) {
      const found = await find(path);
      if (found) documents.push([path, sent(found)]);
    }
    post({ type: 'documents', documents });
  };

  const first = once(worker, 'message') as Promise<[FromThread]>;
  await update();
  const [started] = await first;
  if (started.type !== 'listening') {
    await worker.terminate();
    const { detail, advice } = started as Extract<FromThread, { type: 'failed' }>;
    throw new SojournError('config_invalid', { detail, advice });
  }
  worker.on('message', (message: FromThread) => {
    if (message.type === 'find') void answer(message.path);
    if (message.type === 'observed')
      for (const { count, ...request } of message.requests) for (let n = 0; n < count; n++) observe(request);
  });
  // An error of the thread has no listener, so it ends the process: its supervisor restarts both.

  return {
    origin: started.origin,
    update,
    startDraining: () => post({ type: 'drain' }),
    renewTls: (tls) => post({ type: 'tls', tls }),
    async close() {
      post({ type: 'close' });
      for (let type: string | undefined; type !== 'closed'; )
        [{ type }] = (await once(worker, 'message')) as [FromThread];
      await worker.terminate();
    },
  };
}

const sent = ({ route, document: { body, headers } }: Found): SentDocument => ({ route, body, headers });
