/**
 * Paces requests before the HTTP parser sees them, because a parsed request costs a hundred times the scan of its bytes.
 * One connection has at most 8 unanswered requests; one turn of the event loop starts at most 8 requests: most for
 * issuer documents, then of known addresses, then others, each round-robin by address. While new connections arrive, most
 * turns start only requests for documents. A paced connection is not read, so TCP holds its peer back. With too many
 * waiting, a new request gets 503 at once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { busyBytes } from './busy.ts';
import type { Connections, OpenConnection } from './connections.ts';
import { createHeldBytes, type Holder } from './held-bytes.ts';

export interface Pacing {
  /** Call it for each connection that is accepted, in TLS before the handshake. */
  accept(): void;
  /** Call it once for each connection, after node:http has added its own listener. */
  add(socket: Socket): void;
  /** Call it for each request that node:http reports. */
  start(request: IncomingMessage, response: ServerResponse): void;
}

export interface PacingOptions {
  /** Those of one group share a place in the queue. */
  readonly connections: Connections;
  /** Whether a request for this path is served from memory. */
  readonly isDocument: (path: string) => boolean;
  /** Whether a client has signed in from this group lately. */
  readonly isKnown: (group: string) => boolean;
  /** How many connections of unknown groups may wait. */
  readonly maxWaiting: number;
  /** Called for each request that gets 503 instead. */
  readonly onBusy: () => void;
}

/** Browsers and HTTP/1.1 libraries do not pipeline; test tools send about this many. */
const maxUnanswered = 8;
/** Turns must be short, because libuv accepts one connection per turn. 8 sign-ins take 2 to 3 ms. */
const maxPerTurn = 8;
/** Accepting a connection takes 0.1 ms: 32 turns that only accept take about as long as one that starts requests. */
const turnsPerStart = 32;
/** One read of a socket is 64 KB. node:http may resume a paused socket once, to read the body of a request. */
const maxUnreadBytes = 256 * 1024;
/** Of all connections; 1,000 that wait with one request each have 2 MB. */
const maxHeldBytes = 16 * 1024 * 1024;
const endOfHeaders = Buffer.from('\r\n\r\n');
const nothing = Buffer.alloc(0);

interface PacedConnection extends Holder {
  readonly open: OpenConnection;
  /**
   * `_paused`: whether node:http reads no more requests because the peer does not read its answers. It fails if it gets
   * some. There is no public property for this; a test fails if a version of Node changes it.
   */
  readonly socket: Socket & { readonly _paused?: boolean };
  readonly parse: (chunk: Buffer) => void;
  /** Received, and not yet passed to the parser. */
  unread: Buffer;
  /** The memory that `unread` holds: also its parsed beginning. */
  heldBytes: number;
  /** Whether `unread` begins with a request, and not within one. */
  isAtStart: boolean;
  latest?: IncomingMessage;
  isQueued: boolean;
  isPaused: boolean;
}

export function createPacing(options: PacingOptions): Pacing {
  const { connections, isDocument, isKnown, maxWaiting, onBusy } = options;
  const paced = new WeakMap<Socket, PacedConnection>();
  const documents = createRoundRobin<PacedConnection>();
  const known = createRoundRobin<PacedConnection>();
  const others = createRoundRobin<PacedConnection>();
  const held = createHeldBytes(maxHeldBytes);
  let queued = 0;
  let startedInTurn = 0;
  let isScheduled = false;
  let hasAccepted = false;
  /** How many turns up to this one accepted a connection. */
  let acceptingTurns = 0;
  /** Whether this turn starts only requests for documents. */
  let isAccepting = false;

  const scheduleTurn = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(nextTurn);
  };

  const enqueue = (connection: PacedConnection): void => {
    const { socket, group, open, isQueued } = connection;
    if (isQueued) return;
    const queue = isForDocument(connection) ? documents : isKnown(group) ? known : others;
    const most = maxWaiting + Math.min(acceptingTurns, turnsPerStart);
    if (queue === others && others.size >= most && open.responses.size === 0) {
      connection.unread = nothing;
      onBusy();
      pause(connection);
      socket.end(busyBytes, () => socket.destroy());
      return;
    }
    connection.isQueued = true;
    queued += 1;
    queue.push(group, connection);
    scheduleTurn();
  };

  const isForDocument = ({ isAtStart, unread }: PacedConnection): boolean =>
    isAtStart && isDocument(pathOf(unread));

  /** Half of each turn is for documents, a quarter for known groups; what one does not need, the others get. */
  const next = (): PacedConnection | undefined => {
    if (isAccepting) return documents.shift();
    const preferred = [documents, documents, known, others][startedInTurn % 4];
    return preferred?.shift() ?? documents.shift() ?? known.shift() ?? others.shift();
  };

  const nextTurn = (): void => {
    isScheduled = false;
    startedInTurn = 0;
    acceptingTurns = hasAccepted ? acceptingTurns + 1 : 0;
    isAccepting = acceptingTurns % turnsPerStart !== 0;
    hasAccepted = false;
    while (queued > 0 && startedInTurn < maxPerTurn) {
      const connection = next();
      if (!connection) break;
      queued -= 1;
      connection.isQueued = false;
      advance(connection);
    }
    if (queued > 0 || acceptingTurns > 0) scheduleTurn();
  };

  /** Reads no more, and counts what waits until it is parsed. */
  const pause = (connection: PacedConnection): void => {
    connection.isPaused = true;
    connection.socket.pause();
    held.set(connection, connection.unread.buffer.byteLength);
  };

  /** Passes the parser everything, or, if it has the headers of several requests, up to the end of the first ones. */
  const advance = (connection: PacedConnection): void => {
    const { socket, parse, unread, open } = connection;
    if (!mayStart(connection)) {
      proceed(connection);
      return;
    }
    startedInTurn += 1;
    scheduleTurn();
    const end = unread.indexOf(endOfHeaders);
    const isOne = end === -1 || unread.indexOf(endOfHeaders, end + endOfHeaders.length) === -1;
    const length = isOne ? unread.length : end + endOfHeaders.length;
    connection.unread = isOne ? nothing : unread.subarray(length);
    parse(unread.subarray(0, length));
    const endsHeaders = unread.subarray(0, length).subarray(-endOfHeaders.length).equals(endOfHeaders);
    connection.isAtStart = endsHeaders && connection.latest?.complete !== false;
    // Requests with a body cannot wait for the answers before them without holding back their own body.
    if (open.responses.size > 2 * maxUnanswered) socket.destroy();
    proceed(connection);
  };

  const proceed = (connection: PacedConnection): void => {
    const { socket, unread } = connection;
    if (socket.destroyed) {
      connection.drop();
    } else if (unread.length > 0) {
      pause(connection);
      if (mayStart(connection)) enqueue(connection);
    } else if (connection.isPaused) {
      held.set(connection, 0);
      if (socket._paused) return;
      connection.isPaused = false;
      socket.resume();
    }
  };

  const receive = (connection: PacedConnection, chunk: Buffer): void => {
    const { unread } = connection;
    if (unread.length + chunk.length > maxUnreadBytes) {
      connection.drop();
      return;
    }
    const isFirst = unread.length === 0;
    connection.unread = isFirst ? chunk : Buffer.concat([unread, chunk]);
    if (!isFirst) {
      pause(connection);
      return;
    }
    const isFree = startedInTurn < maxPerTurn && others.size === 0;
    const hasToWait = (hasAccepted || isAccepting) && !isForDocument(connection);
    if (isFree && !hasToWait) advance(connection);
    else proceed(connection);
  };

  return {
    accept() {
      hasAccepted = true;
      scheduleTurn();
    },

    add(socket) {
      const open = connections.find(socket);
      if (!open) {
        socket.destroy();
        return;
      }
      const [parse] = socket.listeners('data') as [(chunk: Buffer) => void];
      const connection: PacedConnection = {
        ...{ open, socket, parse, group: open.group.name, unread: nothing, heldBytes: 0 },
        ...{ isAtStart: true, isQueued: false, isPaused: false },
        drop() {
          connection.unread = nothing;
          held.set(connection, 0);
          socket.destroy();
        },
      };
      paced.set(socket, connection);
      // Adding a listener makes node:http read through the stream, and not directly from the handle of the socket.
      socket.on('data', (chunk: Buffer) => receive(connection, chunk));
      socket.off('data', parse);
      // After node:http's own listener, which ends its hold.
      socket.on('drain', () => proceed(connection));
      socket.once('close', () => connection.drop());
    },

    start(request, response) {
      const connection = paced.get(request.socket);
      if (!connection) return;
      const { open } = connection;
      connection.latest = request;
      open.responses.add(response);
      connections.update(open);
      response.once('close', () => {
        open.responses.delete(response);
        connections.update(open);
        if (connection.unread.length > 0 && !connection.isQueued) proceed(connection);
      });
    },
  };
}

/** Whether the next bytes of the connection may be parsed, once it is their turn. */
const mayStart = ({ socket, open, latest }: PacedConnection): boolean =>
  !socket.destroyed &&
  !socket._paused &&
  // Bytes of a request in progress, or few requests.
  (open.responses.size < maxUnanswered || latest?.complete === false);

/** The path in the first line of these bytes. Only a hint for the queue: the parser decides what the request is. */
function pathOf(bytes: Buffer): string {
  const [, target = ''] = bytes.toString('latin1', 0, 200).split(' ', 2);
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** Serves the groups in turn, and the entries of a group in order. */
function createRoundRobin<Entry>() {
  const groups = new Map<string, Entry[]>();
  return {
    size: 0,
    push(group: string, entry: Entry): void {
      this.size += 1;
      const entries = groups.get(group);
      if (entries) entries.push(entry);
      else groups.set(group, [entry]);
    },
    shift(): Entry | undefined {
      const [first] = groups;
      if (!first) return undefined;
      const [group, entries] = first;
      this.size -= 1;
      groups.delete(group);
      const entry = entries.shift();
      if (entries.length > 0) groups.set(group, entries);
      return entry;
    },
  };
}
