/**
 * A request to a place that somebody else has named. The name is resolved once, every address of it is judged, and the
 * connection goes to one of these: a second answer of the name server cannot lead it elsewhere (DNS rebinding).
 */
import { lookup } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { SojournError } from '../errors/index.ts';
import type { Permits } from './addresses.ts';
import { type AnswerHeaders, type Asking, headersOf, open, textIn } from './open.ts';

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface Guard {
  readonly permits: Permits;
  /** PEM certificates that are trusted besides the public ones. */
  readonly ca?: string;
  readonly resolve?: Resolve;
  /** The key of the configuration that allows more networks, for the message. */
  readonly allowedBy?: string;
  /** What the place is called in messages, where its address may hold a secret. */
  readonly calledAs?: string;
}

const maxBytes = 256 * 1024;

const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

export interface Seen {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Empty unless the status is 200. */
  readonly body: string;
}

/**
 * The body of a 200; nothing else is an answer, a redirect least of all. Rejects with `cloud_timeout` when the signal
 * fired, `cloud_unavailable` otherwise; the message says why and holds no byte of the answer.
 */
export const getGuarded = (address: string, guard: Guard, signal: AbortSignal): Promise<string> =>
  reach(
    address,
    guard,
    { method: 'GET', headers: { accept: 'application/json' }, signal },
    async (name, answer) => {
      if (answer.statusCode !== 200) throw unfit(name, `answers ${answer.statusCode}`);
      return read(name, answer);
    },
  );

/** Any answer, to be judged; rejects like `getGuarded` when there is none or its body is too long or compressed. */
export const lookGuarded = (address: string, guard: Guard, signal: AbortSignal): Promise<Seen> =>
  reach(
    address,
    guard,
    { method: 'GET', headers: { accept: 'application/json' }, signal },
    async (name, answer) => {
      const status = answer.statusCode ?? 0;
      return { status, headers: headersOf(answer), body: status === 200 ? await read(name, answer) : '' };
    },
  );

/**
 * Posts and resolves to the status, whatever it is; the body of the answer is not read. Rejects as `getGuarded` does when
 * there is no answer.
 */
export const postGuarded = (
  address: string,
  { contentType, body }: { readonly contentType: string; readonly body: string },
  guard: Guard,
  signal: AbortSignal,
): Promise<number> => {
  const headers = {
    'content-type': contentType,
    accept: 'application/json',
  };
  const asking = { method: 'POST', headers, body, signal } as const;
  return reach(address, guard, asking, async (_name, answer) => answer.statusCode ?? 0);
};

async function reach<T>(
  address: string,
  guard: Guard,
  asking: Asking,
  take: (name: string, answer: IncomingMessage) => Promise<T>,
): Promise<T> {
  const name = guard.calledAs ?? shown(address);
  const { signal } = asking;
  try {
    const url = plainUrl(address, name);
    const addresses = await within(signal, addressesOf(url, name, guard));
    const answer = await ask(url, addresses, guard, asking);
    try {
      return await take(name, answer);
    } finally {
      answer.destroy();
    }
  } catch (cause) {
    if (signal.aborted)
      throw new SojournError('cloud_timeout', { detail: `${name} did not answer in time.`, cause });
    if (cause instanceof SojournError) throw cause;
    throw new SojournError('cloud_unavailable', { detail: `${name} could not be reached.`, cause });
  }
}

function plainUrl(address: string, name: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:') throw unfit(name, 'is no https URL');
  if (url.username || url.password || address.includes('@')) throw unfit(name, 'holds a user');
  if (url.hash) throw unfit(name, 'holds a fragment');
  return url;
}

async function addressesOf(
  url: URL,
  name: string,
  { permits, resolve = systemResolve, allowedBy = 'federation.allow_networks' }: Guard,
): Promise<readonly string[]> {
  const host = hostOf(url);
  const addresses = isIP(host) ? [host] : await resolve(host);
  if (addresses.length === 0) throw unfit(name, 'has no address');
  const foul = addresses.find((one) => !permits(one));
  if (foul !== undefined) throw unfit(name, `leads to ${foul}, which is not public and not in ${allowedBy}`);
  return addresses;
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

function ask(
  url: URL,
  addresses: readonly string[],
  { ca }: Guard,
  asking: Asking,
): Promise<IncomingMessage> {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const pinned: LookupFunction = (_host, { all }, done) => {
    if (all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  };
  return open(url, asking, {
    lookup: pinned,
    // Its own connection, so that none is used that was opened to an address judged at another time.
    agent: false,
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
  });
}

const read = (name: string, answer: IncomingMessage) => textIn(answer, maxBytes, (what) => unfit(name, what));

/** A name server may be slow as well. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

const unfit = (name: string, what: string) =>
  new SojournError('cloud_unavailable', { detail: `${name} ${what}.` });

/** Without what could be a password. */
const shown = (address: string): string => address.replace(/\/\/[^/]*@/, '//').slice(0, 200);
