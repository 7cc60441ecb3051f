/** Discovery documents and JWKS of the issuers under test, cached for as long as the emulated cloud caches them. */
import type { Fetched, SandboxRuntime } from './contract.ts';
import { isObject } from './jws.ts';

export type Document = Readonly<Record<string, unknown>>;

export interface IssuerDocuments {
  readonly discovery: Document;
  readonly keys: readonly Document[];
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
}

export interface IssuerCache {
  /** From the cache while it is fresh, otherwise with two GETs. A failure is not cached. */
  read(issuer: string, options?: { readonly refetch?: boolean }): Promise<Fetched<IssuerDocuments>>;
  reset(): void;
}

/** `keepSeconds` returns how long the cloud caches a key set with this Cache-Control. */
export function createIssuerCache(
  runtime: SandboxRuntime,
  keepSeconds: (cacheControl: string) => number,
): IssuerCache {
  const cache = new Map<string, { readonly freshUntil: number; readonly answer: Fetched<IssuerDocuments> }>();

  return {
    async read(issuer, { refetch = false } = {}) {
      const cached = cache.get(issuer);
      if (cached && !refetch && runtime.now() < cached.freshUntil) return cached.answer;
      const answer = await fetchDocuments(runtime, issuer);
      if (answer.ok)
        cache.set(issuer, { freshUntil: runtime.now() + keepSeconds(answer.cacheControl) * 1000, answer });
      return answer;
    },
    reset: () => cache.clear(),
  };
}

async function fetchDocuments(runtime: SandboxRuntime, issuer: string): Promise<Fetched<IssuerDocuments>> {
  const discovery = await runtime.fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!discovery.ok) return discovery;
  if (discovery.value.issuer !== issuer) return { ok: false, reason: 'discovery names another issuer' };
  const { jwks_uri: jwksUri } = discovery.value;
  if (typeof jwksUri !== 'string') return { ok: false, reason: 'discovery has no jwks_uri' };
  const jwks = await runtime.fetchJson(jwksUri);
  if (!jwks.ok) return jwks;
  const { keys } = jwks.value;
  if (!Array.isArray(keys)) return { ok: false, reason: 'the JWKS has no `keys` array' };
  const value = { discovery: discovery.value, keys: keys.filter(isObject), fetchedAt: runtime.now() };
  return { ok: true, value, cacheControl: jwks.cacheControl };
}
