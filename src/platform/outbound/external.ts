/**
 * Requests to URLs from outside. The host is resolved once, all its addresses are checked, and the connection uses one of
 * them, so that a second DNS answer cannot change the target (DNS rebinding).
 */
import type { IncomingMessage } from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { SojournError } from '../errors/index.ts';
import { withoutSecretsOf } from '../redaction/index.ts';
import type { AddressFilter } from './addresses.ts';
import { type HttpRequestInit, headersOf, open, type ResponseHeaders, readText } from './open.ts';
import { type Resolve, systemResolve } from './resolve.ts';
import type { OutboundRequest, OutboundResponse } from './send.ts';

export interface EgressPolicy {
  readonly isAllowed: AddressFilter;
  /** Additional trusted CA certificates in PEM. */
  readonly ca?: string;
  readonly resolve?: Resolve;
  /** The configuration key that allows more networks, for error messages. */
  readonly setting?: string;
  /** The name in error messages, for a URL that may contain a secret. */
  readonly displayName?: string;
}

const maxBytes = 256 * 1024;

export interface ExternalResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** Empty unless the status is 200. */
  readonly body: string;
}

/**
 * Resolves to the body of a 200. Rejects with `cloud_timeout` if the signal fires, and with `cloud_unavailable` for any
 * other status (redirects are not followed) or error. The message contains nothing of the response.
 */
export const getExternal = (address: string, policy: EgressPolicy, signal: AbortSignal): Promise<string> =>
  requestExternal(
    address,
    policy,
    { method: 'GET', headers: { accept: 'application/json' }, signal },
    async (name, answer) => {
      if (answer.statusCode !== 200) throw unavailable(name, `answers with status ${answer.statusCode}`);
      return read(name, answer);
    },
  );

/** Resolves to any response. Rejects like `getExternal` if there is none, or if its body is too long or compressed. */
export const fetchExternal = (
  address: string,
  policy: EgressPolicy,
  signal: AbortSignal,
): Promise<ExternalResponse> =>
  requestExternal(
    address,
    policy,
    { method: 'GET', headers: { accept: 'application/json' }, signal },
    async (name, answer) => {
      const status = answer.statusCode ?? 0;
      return { status, headers: headersOf(answer), body: status === 200 ? await read(name, answer) : '' };
    },
  );

/** Posts and resolves to the status of the response; ignores its body. Rejects like `getExternal` if there is no response. */
export const postExternal = (
  address: string,
  { contentType, body }: { readonly contentType: string; readonly body: string },
  policy: EgressPolicy,
  signal: AbortSignal,
): Promise<number> => {
  const headers = {
    'content-type': contentType,
    accept: 'application/json',
  };
  const init = { method: 'POST', headers, body, signal } as const;
  return requestExternal(address, policy, init, async (_name, answer) => answer.statusCode ?? 0);
};

/** Resolves to any response and its body; that of a refusal never contains the secrets of the request. Rejects like `getExternal` if there is none, or if its body is too long or compressed. */
export const sendExternal = (
  { url, signal, ...init }: OutboundRequest,
  policy: EgressPolicy,
): Promise<OutboundResponse> =>
  requestExternal(url, policy, { ...init, signal }, async (name, answer) => {
    const status = answer.statusCode ?? 0;
    const body = withoutSecretsOf(init.headers ?? {}, { status, body: await read(name, answer) });
    return { status, headers: headersOf(answer), body };
  });

async function requestExternal<T>(
  address: string,
  policy: EgressPolicy,
  init: HttpRequestInit,
  readResponse: (name: string, answer: IncomingMessage) => Promise<T>,
): Promise<T> {
  const name = policy.displayName ?? withoutUserInfo(address);
  const { signal } = init;
  try {
    const url = parseUrl(address, name);
    const addresses = await abortable(signal, addressesOf(url, name, policy));
    const answer = await openPinned(url, addresses, policy, init);
    try {
      return await readResponse(name, answer);
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

function parseUrl(address: string, name: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:') throw unavailable(name, 'is not an https URL');
  if (url.username || url.password || address.includes('@')) throw unavailable(name, 'contains a user name');
  if (url.hash) throw unavailable(name, 'contains a fragment');
  return url;
}

/** @throws {SojournError} `cloud_unavailable` if one of its addresses is not allowed */
export async function addressesOf(
  url: URL,
  name: string,
  { isAllowed, resolve = systemResolve, setting = 'federation.allow_networks' }: EgressPolicy,
): Promise<readonly string[]> {
  const host = hostOf(url);
  const addresses = isIP(host) ? [host] : await resolve(host);
  if (addresses.length === 0) throw unavailable(name, 'has no address');
  const forbidden = addresses.find((resolved) => !isAllowed(resolved));
  if (forbidden !== undefined)
    throw unavailable(name, `resolves to ${forbidden}, which is not public and not in ${setting}`);
  return addresses;
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

function openPinned(
  url: URL,
  addresses: readonly string[],
  { ca }: EgressPolicy,
  init: HttpRequestInit,
): Promise<IncomingMessage> {
  return open(url, init, {
    lookup: lookupOf(addresses),
    // A new connection, so that the request never reuses one whose address was checked earlier.
    agent: false,
    ...trusting(ca),
  });
}

/** Connects to one of these addresses without a second resolution of the name. */
export function lookupOf(addresses: readonly string[]): LookupFunction {
  const records = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, { all }, done) => {
    if (all) done(null, records);
    else done(null, records[0]!.address, records[0]!.family);
  };
}

export const trusting = (ca: string | undefined) =>
  ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };

const read = (name: string, answer: IncomingMessage) =>
  readText(answer, maxBytes, (what) => unavailable(name, what));

/** Also limits DNS resolution, which can be slow. */
export function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

const unavailable = (name: string, what: string) =>
  new SojournError('cloud_unavailable', { detail: `${name} ${what}.` });

/** The URL without user information, which could contain a password. */
const withoutUserInfo = (address: string): string => address.replace(/\/\/[^/]*@/, '//').slice(0, 200);
