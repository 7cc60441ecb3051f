/**
 * A request to a place that somebody else has named. The name is resolved once, every address of it is judged, and the
 * connection goes to one of these: a second answer of the name server cannot lead it elsewhere (DNS rebinding).
 */
import { lookup } from 'node:dns/promises';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { SojournError } from '../errors/index.ts';
import type { Permits } from './addresses.ts';

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

interface Asking {
  readonly method: 'GET' | 'POST';
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
}

const maxBytes = 256 * 1024;

const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

export interface Seen {
  readonly status: number;
  readonly headers: Headers;
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
    signal,
    { method: 'GET', headers: { accept: 'application/json' } },
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
    signal,
    { method: 'GET', headers: { accept: 'application/json' } },
    async (name, answer) => {
      const headers = new Headers();
      for (const [header, value] of Object.entries(answer.headers)) headers.set(header, String(value));
      const status = answer.statusCode ?? 0;
      return { status, headers, body: status === 200 ? await read(name, answer) : '' };
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
    'content-length': Buffer.byteLength(body),
    accept: 'application/json',
  };
  const asking = { method: 'POST', headers, body } as const;
  return reach(address, guard, signal, asking, async (_name, answer) => answer.statusCode ?? 0);
};

async function reach<T>(
  address: string,
  guard: Guard,
  signal: AbortSignal,
  asking: Asking,
  take: (name: string, answer: IncomingMessage) => Promise<T>,
): Promise<T> {
  const name = guard.calledAs ?? shown(address);
  try {
    const url = plainUrl(address, name);
    const addresses = await within(signal, addressesOf(url, name, guard));
    const answer = await ask(url, addresses, guard, signal, asking);
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
  signal: AbortSignal,
  { method, headers, body }: Asking,
): Promise<IncomingMessage> {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const pinned: LookupFunction = (_host, { all }, done) => {
    if (all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  };
  return new Promise((resolve, reject) => {
    https
      .request(url, {
        method,
        lookup: pinned,
        signal,
        // Its own connection, so that none is used that was opened to an address judged at another time.
        agent: false,
        headers: { ...headers, 'accept-encoding': 'identity', connection: 'close' },
        ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
      })
      .once('response', resolve)
      .on('error', reject)
      .end(body);
  });
}

async function read(name: string, answer: IncomingMessage): Promise<string> {
  if (answer.headers['content-encoding'] !== undefined) throw unfit(name, 'sends a compressed answer');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Uint8Array).byteLength;
    if (size > maxBytes) throw unfit(name, `sends over ${maxBytes} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

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
