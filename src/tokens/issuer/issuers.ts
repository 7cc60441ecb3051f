/** Every issuer of this server: the main one, and those on paths of their own for tenants that have one. */
import type { Connection } from '../../access/connections/index.ts';
import type { Tenants } from '../../access/tenants/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { type Keyring, type Keyrings, mainRing } from '../keys/index.ts';
import { createIssuer, type Issuer, type IssuerOptions } from './issuer.ts';
import { onlyProber, type Prober } from './probe.ts';

export interface Issuers {
  readonly main: Issuer;
  /** The issuer at `/t/ID`; undefined where there is none. */
  ofTenant(id: string): Promise<Issuer | undefined>;
  /** The issuer under which the connection is registered, or the one that is named. */
  of(connection: Pick<Connection, 'tenant' | 'issuer'>): Promise<Issuer>;
  /** The id of the key ring that signs for the connection. */
  ringOf(connection: Pick<Connection, 'tenant' | 'issuer'>): Promise<string>;
  /** The prober, once: for the composition root, which hands it to the verification. Throws `internal` after that. */
  takeProber(): Prober;
}

interface Known {
  readonly issuer: Issuer;
  readonly ring: string;
  readonly until: number;
}

/** A tenant that is deleted on another replica is served no longer than this. */
const trustedMs = 30_000;
/** Each holds the state of an engine, some 35 KB once it has issued a token. */
const maxKnown = 2_000;

export function createIssuers(
  given: Omit<IssuerOptions, 'keyring' | 'api' | 'self'> & { keyrings: Keyrings; tenants: Tenants },
): Issuers {
  const { keyrings, tenants, logger, now, issuer: base } = given;
  const options = { ...given, self: base };
  const main = createIssuer({ ...options, keyring: keyrings.main, api: true });
  const known = new Map<string, Known>();
  keyrings.onChange((changed) => {
    if (changed === mainRing) main.renew();
    for (const [id, { issuer, ring }] of known) {
      if (ring !== changed) continue;
      issuer.renew();
      known.set(id, { issuer, ring, until: 0 });
    }
  });

  async function look(id: string): Promise<Known | undefined> {
    const before = known.get(id);
    if (before && now() < before.until) return before;
    let tenant: Awaited<ReturnType<Tenants['find']>>;
    try {
      tenant = await tenants.find(id);
    } catch (error) {
      // The documents of an issuer answer whatever else is down, and it has been there a moment ago.
      if (before) return before;
      throw error;
    }
    if (!tenant || tenant.own_keys === null) {
      known.delete(id);
      return undefined;
    }
    const ring = tenant.own_keys ? id : mainRing;
    const keyring = tenant.own_keys ? await keysOf(id) : keyrings.main;
    const issuer =
      before?.issuer ?? createIssuer({ ...options, issuer: tenants.ownIssuer(id), keyring, api: false });
    known.delete(id);
    known.set(id, { issuer, ring, until: now() + trustedMs });
    for (const oldest of known.keys()) {
      if (known.size <= maxKnown) break;
      known.delete(oldest);
    }
    return known.get(id);
  }

  async function keysOf(id: string) {
    try {
      return await keyrings.of(id);
    } catch (cause) {
      if (cause instanceof SojournError && cause.status !== 500) throw cause;
      logger.error({ err: cause, tenant: id }, 'the keys of a tenant cannot be used');
      throw new SojournError('keys_unavailable', {
        detail: 'The keys of this issuer cannot be used.',
        cause,
        retryAfter: 60,
      });
    }
  }

  async function keyringOf({ tenant, issuer }: Connection): Promise<Keyring> {
    const own = issuer === base ? undefined : await look(tenant);
    return own && own.ring !== mainRing ? keysOf(own.ring) : keyrings.main;
  }

  return {
    main,
    takeProber: onlyProber(keyringOf, now),
    ofTenant: async (id) => (await look(id))?.issuer,
    async of({ tenant, issuer }) {
      if (issuer === base) return main;
      const found = issuer === tenants.ownIssuer(tenant) ? await look(tenant) : undefined;
      if (found) return found.issuer;
      throw new SojournError('keys_unavailable', { detail: `There is no issuer ${issuer} here.` });
    },
    // Without opening it: whom a leak touches is asked for in trouble, and one lost ring must not hide the others.
    async ringOf({ tenant, issuer }) {
      if (issuer === base) return mainRing;
      return (await tenants.find(tenant))?.own_keys ? tenant : mainRing;
    },
  };
}
