/**
 * Resolves hosts from outside. getaddrinfo runs on two threads of libuv, so names that resolve slowly would keep all
 * connections of the process waiting. These queries need no thread.
 */
import { lookup, Resolver } from 'node:dns/promises';

/** Resolves a host to all its addresses. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** Resolves a name such as `_mongodb._tcp.cluster.example` to its servers (RFC 2782); empty if there are none. */
export type ResolveServers = (name: string) => Promise<readonly ServerAddress[]>;

/** Codes with which a name server says that it does not know a name, or that there is no name server. */
const unknown = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED']);

const saysUnknown = (error: unknown): boolean => unknown.has((error as { code?: string }).code ?? '');

/** How many names may wait for getaddrinfo. */
const maxWaiting = 20;

/** Two tries end before the deadline of any request. */
function resolverFor(servers?: readonly string[]): Resolver {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  if (servers) resolver.setServers(servers);
  return resolver;
}

/**
 * @param servers `ADDRESS:PORT`, instead of those of the system
 * @param lookUp getaddrinfo
 */
export function createResolve(servers?: readonly string[], lookUp = lookup): Resolve {
  const resolver = resolverFor(servers);
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  /** One at a time, so that a thread is left for the hosts of the clouds. */
  async function lookUpInTurn(host: string): Promise<readonly string[]> {
    if (waiting >= maxWaiting) throw new Error('too many names are being resolved');
    waiting += 1;
    const result = last.then(() => lookUp(host, { all: true }));
    last = result.catch(() => undefined);
    try {
      return (await result).map(({ address }) => address);
    } finally {
      waiting -= 1;
    }
  }

  return async (host) => {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length > 0) return addresses;
    const failure = answers.find((answer) => answer.status === 'rejected' && !saysUnknown(answer.reason));
    if (failure?.status === 'rejected') throw failure.reason;
    // A name of the hosts file, or one that a search domain completes.
    return lookUpInTurn(host);
  };
}

/** @param servers as in `createResolve` */
export function createResolveServers(servers?: readonly string[]): ResolveServers {
  const resolver = resolverFor(servers);
  return async (name) => {
    const records = await resolver.resolveSrv(name).catch((error: unknown) => {
      if (saysUnknown(error)) return [];
      throw error;
    });
    return records.map(({ name: host, port }) => ({ host: host.toLowerCase(), port }));
  };
}

export const systemResolve = createResolve();
export const systemResolveServers = createResolveServers();
