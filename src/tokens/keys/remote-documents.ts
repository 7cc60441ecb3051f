/** Fetches discovery and JWKS as a cloud does, to see what verifiers get behind proxies, caches and mirrors. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { redact } from '../../platform/redaction/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import { type DocumentFault, fetchPublic, readDocument } from '../remote-documents/index.ts';
import type { PublicJwk } from './ring.ts';

/** The URLs of the two documents, at the issuer or at a mirror. */
export interface DocumentUrls {
  readonly discovery: string;
  readonly jwks: string;
}

const discoverySchema = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });
const jwksSchema = z.looseObject({ keys: z.array(z.looseObject({ kid: z.string() })) });

/**
 * Why verifiers would not find `key` at these URLs, for the operator; undefined if they find it.
 * @param issuer the values that the discovery document must have, at a mirror too (OIDC Discovery section 4.3)
 */
export async function findPropagationFault(
  urls: DocumentUrls,
  issuer: { readonly url: string; readonly jwks: string },
  key: PublicJwk,
): Promise<string | undefined> {
  try {
    const discovery = await fetchJson(urls.discovery, discoverySchema);
    if (discovery.issuer !== issuer.url) return `${urls.discovery} names another issuer`;
    if (discovery.jwks_uri !== issuer.jwks) return `${urls.discovery} names another jwks_uri`;
    const { keys } = await fetchJson(urls.jwks, jwksSchema);
    const sameKid = keys.filter(({ kid }) => kid === key.kid);
    if (sameKid.length === 0) return `${urls.jwks} does not list it`;
    return isDeepStrictEqual(sameKid, [{ ...key }])
      ? undefined
      : `${urls.jwks} lists another key under its kid`;
  } catch (error) {
    return error instanceof SojournError ? error.message : `${urls.jwks} cannot be checked`;
  }
}

/**
 * How the documents at these URLs differ from the ones this server serves, for the operator; undefined if they do not.
 */
export async function findDrift(
  urls: DocumentUrls,
  expected: { readonly discovery: string; readonly jwks: string },
): Promise<string | undefined> {
  try {
    const discovery = await fetchJson(urls.discovery, discoverySchema);
    if (!isDeepStrictEqual(discovery, parse(expected.discovery)))
      return `${urls.discovery} differs from the served document`;
    const mirrored = await fetchJson(urls.jwks, jwksSchema);
    const served = jwksSchema.parse(parse(expected.jwks));
    const kids = ({ keys }: typeof served) => keys.map(({ kid }) => kid);
    const missing = kids(served).filter((kid) => !kids(mirrored).includes(kid));
    if (missing.length > 0) return `${urls.jwks} does not list ${missing.join(', ')}`;
    const outdated = kids(mirrored).filter((kid) => !kids(served).includes(kid));
    if (outdated.length > 0) return `${urls.jwks} still lists ${redact(outdated.join(', '))}`;
    return isDeepStrictEqual(mirrored, served) ? undefined : `${urls.jwks} differs from the served document`;
  } catch (error) {
    return error instanceof SojournError ? error.message : `${urls.jwks} cannot be checked`;
  }
}

async function fetchJson<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const fetched = await fetchPublic(url, systemNow);
  const { document, faults } = readDocument(fetched);
  const [fault] = faults;
  if (fault) throw invalid(messageOf(url, fault));
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw invalid(`${url} is not a valid document`);
  return parsed.data;
}

function messageOf(url: string, fault: DocumentFault): string {
  switch (fault.type) {
    case 'no_answer':
      return fault.reason;
    case 'slow':
      return `${url} takes ${fault.ms} ms`;
    case 'status':
      return `${url} answers ${fault.status}`;
    case 'content_type':
      return `${url} is not served as application/json`;
    case 'no_object':
      return `${url} is not a valid document`;
  }
}

/** Only the message of this error is used. */
const invalid = (detail: string) => new SojournError('key_not_propagated', { detail });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
