/** The keys of an issuer, fetched as it publishes them: by discovery, or from the one URL that an administrator named. */
import { SojournError } from '../errors/index.ts';
import { type Guard, getGuarded } from '../outbound/index.ts';
import { type ForeignKey, usableKeys } from './jwks.ts';
import { type Trust, useOf } from './trust.ts';

/** For both documents together: a token request waits for them. */
const deadlineMs = 2_000;

/** Rejects with a SojournError whose message says what is wrong there. */
export async function publishedKeys(trust: Trust, guard: Guard): Promise<readonly ForeignKey[]> {
  const signal = AbortSignal.timeout(deadlineMs);
  const get = async (url: string) => json(url, await getGuarded(url, guard, signal));
  const place = trust.jwks_url ?? jwksPlace(trust.issuer, await get(discoveryOf(trust.issuer)));
  const keys = usableKeys(await get(place), useOf(trust.preset));
  if (keys.length === 0) throw unfit(place, 'lists no key that can verify');
  return keys;
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
  new SojournError('cloud_answer_unknown', { detail: `${url.slice(0, 200)} ${what}.` });
