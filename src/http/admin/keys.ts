/** /keys: the signing keys, never their private halves. */
import { z } from 'zod';
import { destinationOf } from '../../connections/index.ts';
import { invalidRequest, SojournError } from '../../errors/index.ts';
import { read } from '../../input/index.ts';
import type { KeyRecord } from '../../keys/index.ts';
import { toTimestamp } from '../../time/index.ts';
import { pageOf, pageOn, pageQuery } from './paging.ts';
import type { AdminRooms } from './rooms.ts';
import { act, look, nothing, prefix, type Route } from './route.ts';
import { moment } from './words.ts';

export const keyList = z.object({
  items: z.array(
    z.object({
      kid: z.string(),
      alg: z.string(),
      state: z.enum(['next', 'active', 'retired', 'revoked']),
      published_at: moment,
      activate_at: moment.nullable().describe('When it is planned to sign; null for in its turn.'),
      activated_at: moment.nullable(),
      retired_at: moment.nullable(),
      revoked_at: moment.nullable(),
    }),
  ),
});

export const impactPage = pageOf(
  z.object({
    connection: z.string(),
    name: z.string(),
    tenant: z.string(),
    cloud: z.string(),
    trusts: z.string().describe('How long the cloud goes on trusting a key that has left the JWKS.'),
    steps: z.array(z.object({ say: z.string(), run: z.string().optional() })),
  }),
).describe('A page may hold fewer than the limit, or none, and still have a next one.');

/** Nothing in it: now, if verifiers find the keys. */
const rotation = z.strictObject({
  at: z.iso
    .datetime('must be a time such as 2027-01-31T02:00:00Z')
    .transform(Date.parse)
    .optional()
    .describe('When the keys shall sign; they must have been published for long enough by then.'),
  override: z.boolean().default(false).describe('Sign although verifiers would not find the keys.'),
});

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

const listOf = ({ keyring }: AdminRooms) => ({ items: keyring.list().map(viewOf) });

export const keyRoutes: readonly Route[] = [
  look({
    path: '/keys',
    name: 'listKeys',
    summary: 'List the signing keys with their states',
    query: nothing,
    answer: keyList,
    find: listOf,
  }),
  act({
    method: 'POST',
    path: '/keys/rotate',
    name: 'rotateKeys',
    summary: 'Let the published next keys sign, from now on or from a time on',
    input: rotation,
    status: 200,
    answer: keyList,
    refusals: ['key_not_ready', 'key_not_published', 'keys_unavailable'],
    async change(rooms, { body }) {
      const { at, override } = read(rotation, body);
      if (at !== undefined && at < rooms.now()) throw invalidRequest([{ path: 'at', message: 'is over' }]);
      await rooms.keyring.rotate({ override, ...(at === undefined ? {} : { at }) });
      const did =
        at === undefined
          ? ({ event: 'key.rotation_ordered', facts: { override } } as const)
          : ({ event: 'key.rotation_planned', facts: { at: toTimestamp(at) } } as const);
      return { answer: listOf(rooms), did };
    },
  }),
  act({
    method: 'DELETE',
    path: '/keys/rotation',
    name: 'takeBackRotation',
    summary: 'Take a planned rotation back; the next keys sign in their turn',
    input: nothing,
    status: 200,
    answer: keyList,
    refusals: ['keys_unavailable'],
    async change(rooms) {
      await rooms.keyring.takeBack();
      return { answer: listOf(rooms), did: { event: 'key.rotation_taken_back' } };
    },
  }),
  act({
    method: 'POST',
    path: '/keys/:kid/revoke',
    name: 'revokeKey',
    summary: 'Take a key out of the JWKS for good',
    input: nothing,
    status: 200,
    answer: keyList.extend({ impact_url: z.string().describe('Whom it touches, and what they must do.') }),
    refusals: ['key_not_found', 'keys_unavailable'],
    async change(rooms, { params: { kid } }) {
      await rooms.keyring.revoke(kid);
      return {
        answer: { ...listOf(rooms), impact_url: `${prefix}/keys/${encodeURIComponent(kid)}/impact` },
        did: { event: 'key.revocation_ordered', kid },
      };
    },
  }),
  look({
    path: '/keys/:kid/impact',
    name: 'showKeyImpact',
    summary: 'List the connections that a leak of the key touches, and what each customer must do',
    query: pageQuery,
    answer: impactPage,
    refusals: ['key_not_found'],
    async find({ keyring, connections, onboarding, now }, { params: { kid }, query }) {
      const key = keyring.list().find((one) => one.kid === kid);
      if (!key) throw new SojournError('key_not_found', { detail: `There is no key ${kid}.` });
      const page = await connections.list(query);
      // Whoever has the key can write any token: what counts is what a cloud accepts, not what we sign for it.
      const touched = page.items.filter((one) => destinationOf(one).algorithms.includes(key.alg));
      return pageOn({ ...page, items: touched }, (one) => ({
        connection: one.id,
        name: one.name,
        tenant: one.tenant,
        cloud: one.cloud,
        ...onboarding.afterLeak(one, key.revoked_at ?? now()),
      }));
    },
  }),
];
