/**
 * Caps the open connections of a listener, in all and per address. At a cap, a new connection replaces the one that has been
 * idle for the longest time, or else one whose peer does not read its answers; it is refused only if every one has a request
 * in progress. So idle connections keep no other caller out.
 */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { connectionKey } from './authorities.ts';

export interface ConnectionCaps {
  /** Connections in all. */
  readonly total: number;
  /** Connections of one group. */
  readonly perGroup: number;
}

export interface Connections {
  /** Counts a new connection until it closes; it is closed at once if there is no place for it. */
  add(socket: Socket, group: string): void;
  /** The connection that was accepted for this socket, while it is open; in TLS, requests have another socket. */
  find(socket: Socket): OpenConnection | undefined;
  /** Call it when the responses of a connection have changed: without any, it is idle. */
  update(connection: OpenConnection): void;
  /** The responses that are not closed. */
  unanswered(): Iterable<ServerResponse>;
}

export interface OpenConnection {
  readonly key: string;
  readonly socket: Socket;
  readonly group: Group;
  /** Not closed yet. */
  readonly responses: Set<ServerResponse>;
}

interface Group {
  readonly name: string;
  readonly all: Set<OpenConnection>;
  /** Idle connections, the longest idle first. */
  readonly idle: Set<OpenConnection>;
}

/** How many connections are searched for one whose peer does not read. */
const maxSearched = 2_000;

export function createConnections({ total, perGroup }: ConnectionCaps): Connections {
  const all = new Set<OpenConnection>();
  /** By `connectionKey`: in TLS, the socket that was accepted is not the socket of the requests. */
  const byKey = new Map<string, OpenConnection>();
  const groups = new Map<string, Group>();
  const idle = new Set<OpenConnection>();

  /** Closes the connection that has been idle for the longest time, or else a stalled one; false if there is none. */
  const replace = (candidates: Set<OpenConnection>, open: Iterable<OpenConnection>): boolean => {
    const [oldest = firstStalled(open)] = candidates;
    if (!oldest) return false;
    release(oldest);
    oldest.socket.destroy();
    return true;
  };
  const update = (connection: OpenConnection): void => {
    const isIdle = all.has(connection) && connection.responses.size === 0;
    for (const connections of [idle, connection.group.idle])
      if (isIdle) connections.add(connection);
      else connections.delete(connection);
  };
  const release = (connection: OpenConnection): void => {
    const { key, group } = connection;
    if (!all.delete(connection)) return;
    // A newer connection may have this key: from the same port of the peer, or without an address, if the peer is gone.
    if (byKey.get(key) === connection) byKey.delete(key);
    group.all.delete(connection);
    update(connection);
    if (group.all.size === 0) groups.delete(group.name);
  };

  return {
    add(socket, name) {
      const group = groups.get(name) ?? { name, all: new Set(), idle: new Set() };
      const isAdmitted =
        (group.all.size < perGroup || replace(group.idle, group.all)) &&
        (all.size < total || replace(idle, all));
      if (!isAdmitted) {
        socket.destroy();
        return;
      }
      const connection: OpenConnection = { key: connectionKey(socket), socket, group, responses: new Set() };
      byKey.set(connection.key, connection);
      all.add(connection);
      groups.set(name, group);
      group.all.add(connection);
      update(connection);
      socket.once('close', () => release(connection));
    },

    find: (socket) => byKey.get(connectionKey(socket)),

    update,

    *unanswered() {
      for (const { responses } of all) yield* responses;
    },
  };
}

/** The first of these with only complete answers, which its peer does not read. */
function firstStalled(connections: Iterable<OpenConnection>): OpenConnection | undefined {
  let searched = 0;
  for (const connection of connections) {
    if ([...connection.responses].every(({ writableEnded }) => writableEnded)) return connection;
    searched += 1;
    if (searched === maxSearched) return undefined;
  }
  return undefined;
}

/**
 * The number of connections for which this process has file descriptors; the rest are for the store, outgoing requests and
 * files. Without descriptors, libuv closes new connections unanswered.
 */
export function affordableConnections(openFiles = openFilesLimit()): number {
  return openFiles - Math.min(256, Math.ceil(openFiles / 2));
}

/** The limit of `ulimit -n`, where the system reports it. */
function openFilesLimit(): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
