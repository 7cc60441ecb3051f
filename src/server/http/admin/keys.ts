/** /keys: the signing keys, never their private halves. */
import { z } from 'zod';
import { type ResolvedConnection, resolveConnection } from '../../../access/connections/index.ts';
import { invalidRequest } from '../../../platform/errors/index.ts';
import { toTimestamp } from '../../../platform/time/index.ts';
import { timestamp } from '../../../platform/validation/index.ts';
import { type KeyRecord, type Keyring, mainRing } from '../../../tokens/keys/index.ts';
import { mapPage, pageOf, pageQuery, shortText } from './paging.ts';
import { nothing, prefix, type Route, readRoute, writeRoute } from './route.ts';
import type { AdminServices } from './services.ts';

export const keyList = z.object({
  items: z.array(
    z.object({
      kid: z.string(),
      alg: z.string(),
      state: z.enum(['next', 'active', 'retired', 'revoked']),
      published_at: timestamp,
      activate_at: timestamp
        .nullable()
        .describe('When it is scheduled to sign; null if it follows `keys.rotate_every`.'),
      activated_at: timestamp.nullable(),
      retired_at: timestamp.nullable(),
      revoked_at: timestamp.nullable(),
    }),
  ),
});

export const impactPage = pageOf(
  z.object({
    connection: z.string(),
    name: z.string(),
    tenant: z.string(),
    cloud: z.string(),
    trusted_for: z.string().describe('How long the cloud still trusts a key after it has left the JWKS.'),
    steps: z.array(z.object({ instruction: z.string(), command: z.string().optional() })),
  }),
).describe('A page can have fewer items than `limit`, or none, and still have a `next`.');

const ofTenant = shortText.describe('The keys of this tenant instead of the shared keys.');

/** An empty body rotates now, provided that verifiers can fetch the next keys. */
const rotation = z.strictObject({
  tenant: ofTenant,
  activate_at: z.iso
    .datetime('must be a time such as 2027-01-31T02:00:00Z')
    .transform(Date.parse)
    .optional()
    .describe(
      'When the keys start to sign; by then they must be published for `keys.publish_lead`. The default is now.',
    ),
  override: z.boolean().default(false).describe('Rotate even if verifiers cannot fetch the keys yet.'),
});

const rings = rotation.pick({ tenant: true });

const timeOf = (at: number | null) => (at === null ? null : toTimestamp(at));

const viewOf = ({ kid, alg, state, ...times }: KeyRecord) => ({
  kid,
  alg,
  state,
  published_at: toTimestamp(times.published_at),
  activate_at: timeOf(times.activate_at),
  activated_at: timeOf(times.activated_at),
  retired_at: timeOf(times.retired_at),
  revoked_at: timeOf(times.revoked_at),
});

const listOf = (keyring: Keyring) => ({ items: keyring.list().map(viewOf) });

/** The main key ring, or that of a tenant with its own keys. Rejects with `tenant_not_found` or `invalid_request`. */
async function ringOf({ keyrings, tenants }: AdminServices, tenant: string | undefined): Promise<Keyring> {
  if (tenant === undefined) return keyrings.main;
  if (!(await tenants.get(tenant)).own_keys) {
    throw invalidRequest([{ path: 'tenant', message: 'must be a tenant with its own keys' }]);
  }
  return keyrings.of(tenant);
}

export const keyRoutes: readonly Route[] = [
  readRoute({
    path: '/keys',
    operationId: 'listKeys',
    summary: 'List the signing keys and their states',
    query: z.strictObject({ tenant: ofTenant }),
    answer: keyList,
    refusals: ['tenant_not_found'],
    async find(services, { query: { tenant } }) {
      return listOf(await ringOf(services, tenant));
    },
  }),
  writeRoute({
    method: 'POST',
    path: '/keys/rotate',
    operationId: 'rotateKeys',
    summary: 'Activate the next keys, now or at a scheduled time',
    input: rotation,
    status: 200,
    answer: keyList,
    refusals: ['tenant_not_found', 'key_not_ready', 'key_not_propagated', 'keys_unavailable'],
    async change(services, { body: { tenant, activate_at: at, override } }) {
      if (at !== undefined && at < services.now())
        throw invalidRequest([{ path: 'activate_at', message: 'must be in the future' }]);
      const keyring = await ringOf(services, tenant);
      await keyring.rotate({ override, ...(at === undefined ? {} : { activateAt: at }) });
      const auditEvent =
        at === undefined
          ? ({ event: 'key.rotation_requested', facts: { override } } as const)
          : ({ event: 'key.rotation_scheduled', facts: { activate_at: toTimestamp(at) } } as const);
      return { answer: listOf(keyring), auditEvent: { ...auditEvent, ...(tenant && { tenant }) } };
    },
  }),
  writeRoute({
    method: 'POST',
    path: '/keys/cancel-rotation',
    operationId: 'cancelRotation',
    summary: 'Cancel a scheduled rotation; keys rotate at their usual time',
    input: rings,
    status: 200,
    answer: keyList,
    refusals: ['tenant_not_found', 'keys_unavailable'],
    async change(services, { body: { tenant } }) {
      const keyring = await ringOf(services, tenant);
      await keyring.cancelRotation();
      const auditEvent = { event: 'key.rotation_cancelled', ...(tenant && { tenant }) } as const;
      return { answer: listOf(keyring), auditEvent };
    },
  }),
  writeRoute({
    method: 'POST',
    path: '/keys/:kid/revoke',
    operationId: 'revokeKey',
    summary: 'Revoke a key: remove it from the JWKS permanently',
    input: nothing,
    status: 200,
    answer: keyList.extend({
      impact_url: z.string().describe('The affected connections, with the steps for each customer.'),
    }),
    refusals: ['key_not_found', 'keys_unavailable'],
    async change(services, { params: { kid } }) {
      const { keyring } = services.keyrings.find(kid);
      await keyring.revoke(kid);
      return {
        answer: { ...listOf(keyring), impact_url: `${prefix}/keys/${encodeURIComponent(kid)}/impact` },
        auditEvent: {
          event: 'key.revocation_requested',
          kid,
          ...(keyring.id === mainRing ? {} : { tenant: keyring.id }),
        },
      };
    },
  }),
  readRoute({
    path: '/keys/:kid/impact',
    operationId: 'showKeyImpact',
    summary: 'List the connections that a leak of the key affects, with the steps for each customer',
    query: pageQuery,
    answer: impactPage,
    refusals: ['key_not_found'],
    async find({ keyrings, connections, issuers, setup, now }, { params: { kid }, query }) {
      const { keyring, key } = keyrings.find(kid);
      const within = keyring.id === mainRing ? {} : { within: keyring.id };
      const page = await connections.list({ ...query, ...within });
      const affected: ResolvedConnection[] = [];
      for (const one of page.items.map(resolveConnection)) {
        // An attacker with the key can sign any token, so the algorithms that the cloud accepts count, not the one in use.
        const accepted = one.destination.algorithms.includes(key.alg);
        if (accepted && (await issuers.ringOf(one.connection)) === keyring.id) affected.push(one);
      }
      return mapPage({ ...page, items: affected }, (one) => {
        const { connection } = one;
        const { trustedFor, steps } = setup.afterLeak(one, key.revoked_at ?? now());
        return {
          connection: connection.id,
          name: connection.name,
          tenant: connection.tenant,
          cloud: connection.cloud,
          trusted_for: trustedFor,
          steps,
        };
      });
    },
  }),
];
