/**
 * Live status by server-sent events (HTML standard, section 9.2). One timer polls the store for all listeners, and their
 * number is bounded.
 */
import type { Writable } from 'node:stream';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { every } from '../../platform/time/index.ts';

/** Resolves to the current revision, which is sent when it changes; undefined ends the stream. */
export type RevisionSource = () => Promise<string | undefined>;

/** Whose listeners are counted together. */
export interface FeedOwner {
  readonly invitation: string;
  readonly tenant: string;
}

export interface Feed {
  /** Writes to the stream until it is closed. Throws `rate_limited` if there are too many listeners, `shutting_down`. */
  listen(owner: FeedOwner, readRevision: RevisionSource, stream: Writable): void;
  /** Ends every stream. */
  close(): Promise<void>;
}

interface Listener {
  readonly owner: FeedOwner;
  readonly readRevision: RevisionSource;
  readonly stream: Writable;
  lastSent: string | undefined;
}

const pollMs = 2_000;
/** In polls, so every 14 s: proxies cut a connection that is silent for 30 s. */
const heartbeatEvery = 7;
const maxPerInvitation = 6;
/** One customer with many invitations leaves nine tenths to the others. */
const maxPerTenant = 50;
const maxListeners = 500;
/** Bytes buffered for a client that does not read; beyond this its stream is cut. */
const maxUnread = 16 * 1024;

export function createFeed(logger: Logger): Feed {
  const listeners = new Set<Listener>();
  let tick = 0;
  let closed = false;
  /** Stops the timer; set while there are listeners. */
  let stop: (() => Promise<void>) | undefined;

  async function sendUpdate(listener: Listener, heartbeat: boolean): Promise<void> {
    const { stream, readRevision } = listener;
    if (stream.writableLength > maxUnread) return void stream.destroy();
    const revision = await readRevision();
    if (stream.destroyed || stream.writableEnded) return;
    if (revision === undefined) return void stream.end('event: ended\ndata:\n\n');
    if (revision !== listener.lastSent) stream.write(`data: ${revision}\n\n`);
    else if (heartbeat) stream.write(':\n\n');
    listener.lastSent = revision;
  }

  /** Resolves to false if the store did not answer; the poll then ends, so that an outage costs one request. */
  const trySend = (listener: Listener, heartbeat: boolean): Promise<boolean> =>
    sendUpdate(listener, heartbeat).then(
      () => true,
      (err: unknown) => {
        logger.debug({ err }, 'cannot read the status of a connection for its page');
        return false;
      },
    );

  const poll = async () => {
    tick += 1;
    for (const listener of listeners) if (!(await trySend(listener, tick % heartbeatEvery === 0))) return;
  };

  const removeListener = (listener: Listener) => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    void stop?.();
    stop = undefined;
  };

  return {
    listen(owner, readRevision, stream) {
      if (closed) throw new SojournError('shutting_down');
      const ofTenant = [...listeners].filter((listener) => listener.owner.tenant === owner.tenant);
      const ofInvitation = ofTenant.filter((listener) => listener.owner.invitation === owner.invitation);
      const isFull = ofInvitation.length >= maxPerInvitation || ofTenant.length >= maxPerTenant;
      if (isFull || listeners.size >= maxListeners)
        throw new SojournError('rate_limited', { retryAfter: 30 });
      const listener: Listener = { owner, readRevision, stream, lastSent: undefined };
      listeners.add(listener);
      stop ??= every(pollMs, poll);
      stream.once('close', () => removeListener(listener));
      stream.on('error', () => removeListener(listener));
      void trySend(listener, true);
    },
    async close() {
      closed = true;
      const stopped = stop?.();
      for (const { stream } of listeners) stream.end();
      await stopped;
    },
  };
}
