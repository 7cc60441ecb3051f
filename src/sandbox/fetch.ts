/**
 * Fetches documents of an issuer like a cloud does, except that loopback may use plain http. The server has its own code for
 * this (tokens/remote-documents): the sandbox tests it, and an error in shared code would hide itself.
 */
import { send } from '../platform/outbound/index.ts';
import type { Fetched } from './contract.ts';
import { isObject } from './jws.ts';

/** AWS gives up after 5 s (clouds.md 1.2); the others publish no limit. */
const timeoutMilliseconds = 5_000;
const maxBytes = 64 * 1024;

export async function fetchJson(url: string): Promise<Fetched<Record<string, unknown>>> {
  if (!URL.canParse(url) || !isAllowed(new URL(url))) {
    return { ok: false, reason: `${url} must be an https URL, or an http URL on loopback` };
  }
  try {
    const answer = await send({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMilliseconds),
      maxBytes,
    });
    if (answer.status !== 200) return { ok: false, reason: `${url} answered ${answer.status}` };
    const value: unknown = JSON.parse(answer.body);
    if (!isObject(value)) return { ok: false, reason: `${url} is not a JSON object` };
    return { ok: true, value, cacheControl: answer.headers['cache-control'] ?? '' };
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is not JSON' : String(error);
    return { ok: false, reason: `${url} cannot be read: ${reason}` };
  }
}

function isAllowed({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return true;
  return protocol === 'http:' && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
