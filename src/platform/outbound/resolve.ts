/**
 * Resolves hosts from outside. getaddrinfo runs on two threads of libuv, so names that resolve slowly would keep all
 * connections of the process waiting. These queries need no thread.
 */
import { lookup, Resolver } from 'node:dns/promises';

/** Resolves a host to all its addresses. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Codes with which a name server says that it does not know a name, or that there is no name server. */
const unknown = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED']);

/** How many names may wait for getaddrinfo. */
const maxWaiting = 20;

/** @param servers `ADDRESS:PORT`, instead of those of the system */
export function createResolve(servers?: readonly string[]): Resolve {
  // Two tries end before the deadline of any request.
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  if (servers) resolver.setServers(servers);
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  /** One at a time, so that a thread is left for the hosts of the clouds. */
  async function lookUpInTurn(host: string): Promise<readonly string[]> {
    if (waiting >= maxWaiting) throw new Error('too many names are being resolved');
    waiting += 1;
    const result = last.then(() => lookup(host, { all: true }));
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
    const failure = answers.find(
      (answer) =>
        answer.status === 'rejected' && !unknown.has((answer.reason as { code?: string }).code ?? ''),
    );
    if (failure?.status === 'rejected') throw failure.reason;
    // A name of the hosts file, or one that a search domain completes.
    return lookUpInTurn(host);
  };
}

export const systemResolve = createResolve();
