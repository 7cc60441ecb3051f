/** Keys as they are published: by an issuer's discovery, or at the one URL that an administrator named. */
import { SojournError } from '../../platform/errors/index.ts';
import { type EgressPolicy, getExternal } from '../../platform/outbound/index.ts';
import { type ForeignKey, usableKeys } from './jwks.ts';
import { type Trust, useOf } from './trust.ts';

/** For both documents together: a token request waits for them. */
const deadlineMs = 2_000;
/** For one alone: a client is told within 2 s that its keys are not to be had. */
const shortDeadlineMs = 1_500;

/** What a key set says: none at all where its owner has withdrawn them, which is unlike a place that does not answer. */
export interface Published {
  readonly keys: readonly ForeignKey[];
  /** Where they stand, as it may be told. */
  readonly place: string;
}

/** Rejects with a SojournError whose message says what is wrong there. */
export async function issuerKeys(trust: Trust, guard: EgressPolicy): Promise<Published> {
  const signal = AbortSignal.timeout(deadlineMs);
  const place =
    trust.jwks_uri ?? jwksPlace(trust.issuer, await get(discoveryOf(trust.issuer), guard, signal));
  return listed(place, await get(place, guard, signal), useOf(trust.preset));
}

/** The same for one URL and no discovery. */
export async function keysAt(url: string, guard: EgressPolicy): Promise<Published> {
  return listed(url, await get(url, guard, AbortSignal.timeout(shortDeadlineMs)), 'sig');
}

function listed(place: string, document: unknown, use: 'sig' | 'jwt-svid'): Published {
  if (!Array.isArray((document as { keys?: unknown } | null)?.keys)) throw unfit(place, 'is no list of keys');
  return { keys: usableKeys(document, use), place: told(place) };
}

async function get(url: string, guard: EgressPolicy, signal: AbortSignal): Promise<unknown> {
  return json(url, await getExternal(url, guard, signal));
}

/** OpenID Connect Discovery section 4.1: a slash at the end goes first. */
const discoveryOf = (issuer: string): string =>
  `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

/** Section 4.3: the document speaks for this issuer to the letter, or for another. */
function jwksPlace(issuer: string, document: unknown): string {
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
  new SojournError('cloud_answer_unknown', { detail: `${told(url)} ${what}.` });

const told = (url: string): string => url.slice(0, 200);
