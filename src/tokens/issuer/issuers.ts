/** Every issuer of this server: the shared one, and those of tenants at `/t/ID`. */
import type { Connection } from '../../access/connections/index.ts';
import type { Tenant, Tenants } from '../../access/tenants/index.ts';
import { createBoundedMap } from '../../platform/cache/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { systemElapsed } from '../../platform/time/index.ts';
import { type Keyring, type Keyrings, mainRing } from '../keys/index.ts';
import { createIssuer, type Issuer, type IssuerOptions } from './issuer.ts';
import { onlyProber, type Prober } from './probe.ts';
import { createTenantLookups } from './tenant-lookups.ts';

export interface Issuers {
  readonly shared: Issuer;
  /** The tenant's own issuer; undefined if it has none. */
  ofTenant(id: string): Promise<Issuer | undefined>;
  /** The issuer at which the connection is registered. Rejects with `keys_unavailable` if it does not exist. */
  of(connection: Pick<Connection, 'tenant' | 'issuer'>): Promise<Issuer>;
  /** The id of the key ring that signs for the connection. */
  ringOf(connection: Pick<Connection, 'tenant' | 'issuer'>): Promise<string>;
  /** The prober. Only the composition root calls this, once, for the verification; a second call throws `internal`. */
  takeProber(): Prober;
}

interface TenantIssuer {
  readonly issuer: Issuer;
  readonly ring: string;
  readonly cachedUntil: number;
}

/** How long a replica serves a tenant that another replica has deleted. */
const cachedMs = 30_000;
/** Each may hold an engine of 35 KB. */
const maxCached = 2_000;

export function createIssuers(
  dependencies: Omit<IssuerOptions, 'keyring' | 'api' | 'self'> & { keyrings: Keyrings; tenants: Tenants },
): Issuers {
  const { keyrings, tenants, logger, now, issuer: base } = dependencies;
  const options = { ...dependencies, self: base };
  const shared = createIssuer({ ...options, keyring: keyrings.main, api: true });
  const cache = createBoundedMap<TenantIssuer>(maxCached);
  keyrings.onChange((changed) => {
    if (changed === mainRing) shared.reloadKeys();
    for (const [id, { issuer, ring }] of cache.entries()) {
      if (ring !== changed) continue;
      issuer.reloadKeys();
      cache.set(id, { issuer, ring, cachedUntil: 0 });
    }
  });

  const lookups = createTenantLookups(tenants.find, systemElapsed);
  tenants.onIssuer(lookups.forget);

  /** @param isKnown whether the id is of a tenant, not from a path */
  async function findTenantIssuer(id: string, isKnown: boolean): Promise<TenantIssuer | undefined> {
    const cached = cache.get(id);
    if (cached && now() < cached.cachedUntil) return cached;
    let tenant: Tenant | undefined;
    try {
      tenant = await lookups.find(id, isKnown || cached !== undefined);
    } catch (error) {
      // Discovery and JWKS stay up while the store is down.
      if (cached) return cached;
      throw error;
    }
    if (!tenant || tenant.own_keys === null) {
      cache.delete(id);
      return undefined;
    }
    const ring = tenant.own_keys ? id : mainRing;
    const keyring = tenant.own_keys ? await keysOf(id) : keyrings.main;
    const issuer =
      cached?.issuer ?? createIssuer({ ...options, issuer: tenants.ownIssuer(id), keyring, api: false });
    const tenantIssuer: TenantIssuer = { issuer, ring, cachedUntil: now() + cachedMs };
    cache.set(id, tenantIssuer);
    return tenantIssuer;
  }

  async function keysOf(id: string) {
    try {
      return await keyrings.of(id);
    } catch (cause) {
      if (cause instanceof SojournError && cause.status !== 500) throw cause;
      logger.error(
        { err: cause, code: 'keys_unavailable', tenant: id },
        'cannot use the signing keys of a tenant',
      );
      throw new SojournError('keys_unavailable', {
        detail: 'The keys of this issuer cannot be used.',
        cause,
        retryAfter: 60,
      });
    }
  }

  async function keyringOf({ tenant, issuer }: Connection): Promise<Keyring> {
    const own = issuer === base ? undefined : await findTenantIssuer(tenant, true);
    return own && own.ring !== mainRing ? keysOf(own.ring) : keyrings.main;
  }

  return {
    shared,
    takeProber: onlyProber(keyringOf, now),
    ofTenant: async (id) => (await findTenantIssuer(id, false))?.issuer,
    async of({ tenant, issuer }) {
      if (issuer === base) return shared;
      const found = issuer === tenants.ownIssuer(tenant) ? await findTenantIssuer(tenant, true) : undefined;
      if (found) return found.issuer;
      throw new SojournError('keys_unavailable', { detail: `There is no issuer ${issuer} here.` });
    },
    // Does not open the ring: after a leak, one lost ring must not hide which connections the others sign for.
    async ringOf({ tenant, issuer }) {
      if (issuer === base) return mainRing;
      return (await tenants.find(tenant))?.own_keys ? tenant : mainRing;
    },
  };
}
