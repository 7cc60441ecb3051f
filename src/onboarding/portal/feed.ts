/**
 * Live status by server-sent events (HTML standard, section 9.2). One timer looks for all who listen, so that the store
 * is asked no more often than that, and how many may listen is bounded.
 */
import type { Writable } from 'node:stream';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { every } from '../../platform/time/index.ts';

/** What somebody listens to: resolves to what is told when it changes; undefined when there is nothing left to tell. */
export type Look = () => Promise<string | undefined>;

export interface Feed {
  /** Writes to the stream until it is closed. Throws `rate_limited` where too many listen already, `shutting_down`. */
  listen(invitation: string, look: Look, stream: Writable): void;
  /** Ends every stream. */
  close(): Promise<void>;
}

interface Listener {
  readonly invitation: string;
  readonly look: Look;
  readonly stream: Writable;
  told: string | undefined;
}

const lookEveryMs = 2_000;
/** In looks: proxies cut a connection that is silent for half a minute. */
const heartbeatEvery = 7;
const maxPerInvitation = 6;
const maxListeners = 500;
/** Bytes that somebody who does not read may leave in memory. */
const maxUnread = 16 * 1024;

export function createFeed(logger: Logger): Feed {
  const listeners = new Set<Listener>();
  let turn = 0;
  let closed = false;
  /** There while somebody listens. */
  let stop: (() => Promise<void>) | undefined;

  async function tell(listener: Listener, beat: boolean): Promise<void> {
    const { stream, look } = listener;
    if (stream.writableLength > maxUnread) return void stream.destroy();
    const seen = await look();
    if (stream.destroyed || stream.writableEnded) return;
    if (seen === undefined) return void stream.end('event: gone\ndata:\n\n');
    if (seen !== listener.told) stream.write(`data: ${seen}\n\n`);
    else if (beat) stream.write(':\n\n');
    listener.told = seen;
  }

  /** False where it could not look: a store that is away for a moment is asked by one, not by all who wait. */
  const tried = (listener: Listener, beat: boolean): Promise<boolean> =>
    tell(listener, beat).then(
      () => true,
      (err: unknown) => {
        logger.debug({ err }, 'the status of a connection could not be told');
        return false;
      },
    );

  const lookAround = async () => {
    turn += 1;
    for (const listener of listeners) if (!(await tried(listener, turn % heartbeatEvery === 0))) return;
  };

  const leave = (listener: Listener) => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    void stop?.();
    stop = undefined;
  };

  return {
    listen(invitation, look, stream) {
      if (closed) throw new SojournError('shutting_down');
      const own = [...listeners].filter((listener) => listener.invitation === invitation).length;
      if (own >= maxPerInvitation || listeners.size >= maxListeners)
        throw new SojournError('rate_limited', { retryAfter: 30 });
      const listener: Listener = { invitation, look, stream, told: undefined };
      listeners.add(listener);
      stop ??= every(lookEveryMs, lookAround);
      stream.once('close', () => leave(listener));
      stream.on('error', () => leave(listener));
      void tried(listener, true);
    },
    async close() {
      closed = true;
      const stopped = stop?.();
      for (const { stream } of listeners) stream.end();
      await stopped;
    },
  };
}
