/** Fetches remote JWKS: through an issuer's discovery document, or from a URL that an administrator set. */
import { SojournError } from '../../platform/errors/index.ts';
import { type EgressPolicy, getExternal } from '../../platform/outbound/index.ts';
import { type RemoteKey, usableKeys } from './jwks.ts';
import { type Trust, useOf } from './trust.ts';

/** For both documents together, in milliseconds; a token request waits for them. */
const deadlineMs = 2_000;
/** For one document; a client gets an error within 2 s if its keys cannot be fetched. */
const shortDeadlineMs = 1_500;

/** A fetched JWKS. It can be empty if its owner has withdrawn all keys; a failed fetch is an error instead. */
export interface RemoteJwks {
  readonly keys: readonly RemoteKey[];
  /** The URL, shortened for messages. */
  readonly url: string;
}

/** Rejects with a SojournError whose message names the URL and the problem. */
export async function issuerKeys(trust: Trust, guard: EgressPolicy): Promise<RemoteJwks> {
  const signal = AbortSignal.timeout(deadlineMs);
  const place =
    trust.jwks_uri ?? jwksUriOf(trust.issuer, await get(discoveryOf(trust.issuer), guard, signal));
  return toRemoteJwks(place, await get(place, guard, signal), useOf(trust.platform));
}

/** Like `issuerKeys`, for one URL without discovery. */
export async function keysAt(url: string, guard: EgressPolicy): Promise<RemoteJwks> {
  return toRemoteJwks(url, await get(url, guard, AbortSignal.timeout(shortDeadlineMs)), 'sig');
}

function toRemoteJwks(place: string, document: unknown, use: 'sig' | 'jwt-svid'): RemoteJwks {
  if (!Array.isArray((document as { keys?: unknown } | null)?.keys))
    throw unfit(place, 'is not a list of keys');
  return { keys: usableKeys(document, use), url: shortened(place) };
}

async function get(url: string, guard: EgressPolicy, signal: AbortSignal): Promise<unknown> {
  return json(url, await getExternal(url, guard, signal));
}

/** OpenID Connect Discovery section 4.1: removes a trailing slash first. */
const discoveryOf = (issuer: string): string =>
  `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

/** Section 4.3: the document's issuer must equal this issuer exactly. */
function jwksUriOf(issuer: string, document: unknown): string {
  const { issuer: named, jwks_uri: place } = Object(document) as Record<string, unknown>;
  if (named !== issuer) throw unfit(discoveryOf(issuer), 'names another issuer');
  if (typeof place !== 'string') throw unfit(discoveryOf(issuer), 'names no jwks_uri');
  return place;
}

function json(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unfit(url, 'is not JSON');
  }
}

const unfit = (url: string, what: string) =>
  new SojournError('cloud_answer_unknown', { detail: `${shortened(url)} ${what}.` });

const shortened = (url: string): string => url.slice(0, 200);
