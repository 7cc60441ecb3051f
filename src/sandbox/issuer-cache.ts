/** Discovery and JWKS of the issuers under test, kept for as long as the cloud in question keeps them. */
import type { Fetched, SandboxWorld } from './contract.ts';
import { isObject } from './jws.ts';

export type Document = Readonly<Record<string, unknown>>;

export interface IssuerDocuments {
  readonly discovery: Document;
  readonly keys: readonly Document[];
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
}

export interface IssuerCache {
  /** From memory while it is fresh, else by two GETs. A failure is never kept. */
  read(issuer: string, options?: { readonly refetch?: boolean }): Promise<Fetched<IssuerDocuments>>;
  reset(): void;
}

/** `keepSeconds` says how long the cloud keeps a key set that came with this Cache-Control. */
export function createIssuerCache(
  world: SandboxWorld,
  keepSeconds: (cacheControl: string) => number,
): IssuerCache {
  const kept = new Map<string, { readonly until: number; readonly answer: Fetched<IssuerDocuments> }>();

  return {
    async read(issuer, { refetch = false } = {}) {
      const known = kept.get(issuer);
      if (known && !refetch && world.now() < known.until) return known.answer;
      const answer = await fetchDocuments(world, issuer);
      if (answer.ok)
        kept.set(issuer, { until: world.now() + keepSeconds(answer.cacheControl) * 1000, answer });
      return answer;
    },
    reset: () => kept.clear(),
  };
}

async function fetchDocuments(world: SandboxWorld, issuer: string): Promise<Fetched<IssuerDocuments>> {
  const discovery = await world.fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!discovery.ok) return discovery;
  if (discovery.value.issuer !== issuer) return { ok: false, reason: 'discovery names another issuer' };
  const { jwks_uri: jwksUri } = discovery.value;
  if (typeof jwksUri !== 'string') return { ok: false, reason: 'discovery has no jwks_uri' };
  const jwks = await world.fetchJson(jwksUri);
  if (!jwks.ok) return jwks;
  const { keys } = jwks.value;
  if (!Array.isArray(keys)) return { ok: false, reason: 'the JWKS has no list of keys' };
  const value = { discovery: discovery.value, keys: keys.filter(isObject), fetchedAt: world.now() };
  return { ok: true, value, cacheControl: jwks.cacheControl };
}
