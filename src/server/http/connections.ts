/**
 * Caps the open connections of a listener, in all and per address. At a cap, a new connection replaces the one that has been
 * idle for the longest time; it is refused only if none is idle. So connections that are merely held keep nobody out.
 */
import { readFileSync } from 'node:fs';
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
  /** The connection has a request in progress. */
  begin(socket: Socket): void;
  /** A request of the connection is answered. */
  end(socket: Socket): void;
}

interface Group {
  readonly name: string;
  count: number;
  /** Idle connections, the longest idle first. */
  readonly idle: Set<Connection>;
}

interface Connection {
  readonly key: string;
  readonly socket: Socket;
  readonly group: Group;
  requests: number;
}

export function createConnections({ total, perGroup }: ConnectionCaps): Connections {
  /** By `connectionKey`: in TLS, the socket that was accepted is not the socket of the requests. */
  const connections = new Map<string, Connection>();
  const groups = new Map<string, Group>();
  const idle = new Set<Connection>();

  /** Closes the connection that has been idle for the longest time; false if none is idle. */
  const replace = (candidates: Set<Connection>): boolean => {
    const [oldest] = candidates;
    if (!oldest) return false;
    release(oldest);
    oldest.socket.destroy();
    return true;
  };
  const setBusy = (connection: Connection): void => {
    idle.delete(connection);
    connection.group.idle.delete(connection);
  };
  const setIdle = (connection: Connection): void => {
    idle.add(connection);
    connection.group.idle.add(connection);
  };
  const release = (connection: Connection): void => {
    const { key, group } = connection;
    // Released before, or a newer connection from the same port of the peer has this key.
    if (connections.get(key) !== connection) return;
    connections.delete(key);
    setBusy(connection);
    group.count -= 1;
    if (group.count === 0) groups.delete(group.name);
  };

  return {
    add(socket, name) {
      const group = groups.get(name) ?? { name, count: 0, idle: new Set() };
      const isAdmitted =
        (group.count < perGroup || replace(group.idle)) && (connections.size < total || replace(idle));
      if (!isAdmitted) {
        socket.destroy();
        return;
      }
      const connection: Connection = { key: connectionKey(socket), socket, group, requests: 0 };
      connections.set(connection.key, connection);
      groups.set(name, group);
      group.count += 1;
      setIdle(connection);
      socket.once('close', () => release(connection));
    },

    begin(socket) {
      const connection = connections.get(connectionKey(socket));
      if (connection && connection.requests++ === 0) setBusy(connection);
    },

    end(socket) {
      const connection = connections.get(connectionKey(socket));
      if (connection && --connection.requests === 0) setIdle(connection);
    },
  };
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
