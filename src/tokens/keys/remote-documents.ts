/** Fetches the published keys as a cloud would, to know what verifiers really get: behind proxies, caches and copies. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { send } from '../../platform/outbound/index.ts';
import type { PublicJwk } from './ring.ts';

/** A place where the two documents are served: the issuer itself, or a copy of its documents elsewhere. */
export interface DocumentUrls {
  readonly discovery: string;
  readonly jwks: string;
}

/** AWS gives up on an issuer after five seconds. */
const deadlineMs = 5_000;

const discoveryAnswer = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });
const jwksAnswer = z.looseObject({ keys: z.array(z.looseObject({ kid: z.string() })) });

/**
 * What keeps verifiers from finding `key` at `place`, in words for the operator; undefined when they find it.
 * @param issuer what the discovery document must say of itself, wherever it is served (OIDC Discovery section 4.3)
 */
export async function findPropagationFault(
  place: DocumentUrls,
  issuer: { readonly url: string; readonly jwks: string },
  key: PublicJwk,
): Promise<string | undefined> {
  try {
    const discovery = await fetchJson(place.discovery, discoveryAnswer);
    if (discovery.issuer !== issuer.url) return `${place.discovery} names another issuer`;
    if (discovery.jwks_uri !== issuer.jwks) return `${place.discovery} names another jwks_uri`;
    const { keys } = await fetchJson(place.jwks, jwksAnswer);
    const found = keys.filter(({ kid }) => kid === key.kid);
    if (found.length === 0) return `${place.jwks} does not list it`;
    return isDeepStrictEqual(found, [{ ...key }])
      ? undefined
      : `${place.jwks} lists another key under its kid`;
  } catch (error) {
    return error instanceof SojournError ? error.message : `${place.jwks} cannot be checked`;
  }
}

/**
 * What a copy at `place` says otherwise than the documents that are served, in words for the operator; undefined when
 * it says the same.
 */
export async function findDrift(
  place: DocumentUrls,
  served: { readonly discovery: string; readonly jwks: string },
): Promise<string | undefined> {
  try {
    const discovery = await fetchJson(place.discovery, discoveryAnswer);
    if (!isDeepStrictEqual(discovery, parse(served.discovery)))
      return `${place.discovery} says something else`;
    const copy = await fetchJson(place.jwks, jwksAnswer);
    const ours = jwksAnswer.parse(parse(served.jwks));
    const kids = ({ keys }: typeof ours) => keys.map(({ kid }) => kid);
    const lacking = kids(ours).filter((kid) => !kids(copy).includes(kid));
    if (lacking.length > 0) return `${place.jwks} does not list ${lacking.join(', ')}`;
    const left = kids(copy).filter((kid) => !kids(ours).includes(kid));
    if (left.length > 0) return `${place.jwks} still lists ${left.join(', ')}`;
    return isDeepStrictEqual(copy, ours) ? undefined : `${place.jwks} says something else`;
  } catch (error) {
    return error instanceof SojournError ? error.message : `${place.jwks} cannot be checked`;
  }
}

async function fetchJson<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const answer = await send({
    method: 'GET',
    url,
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(deadlineMs),
  });
  if (answer.status !== 200) throw unfit(`${url} answers ${answer.status}`);
  if (!/^application\/json\b/.test(answer.headers['content-type'] ?? '')) {
    throw unfit(`${url} is not served as application/json`);
  }
  const read = schema.safeParse(parse(answer.body));
  if (!read.success) throw unfit(`${url} is not the document it should be`);
  return read.data;
}

/** Only its message is used. */
const unfit = (detail: string) => new SojournError('key_not_propagated', { detail });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
