/** /keys: the signing keys, never their private halves. */
import { z } from 'zod';
import type { KeyRecord } from '../../keys/index.ts';
import { toTimestamp } from '../../time/index.ts';
import type { AdminRooms } from './rooms.ts';
import { act, look, nothing, type Route } from './route.ts';
import { moment } from './words.ts';

export const keyList = z.object({
  items: z.array(
    z.object({
      kid: z.string(),
      alg: z.string(),
      state: z.enum(['next', 'active', 'retired', 'revoked']),
      published_at: moment,
      activated_at: moment.nullable(),
      retired_at: moment.nullable(),
      revoked_at: moment.nullable(),
    }),
  ),
});

const timeOf = (at: number | null) => (at === null ? null : toTimestamp(at));

const viewOf = ({ kid, alg, state, ...times }: KeyRecord) => ({
  kid,
  alg,
  state,
  published_at: toTimestamp(times.published_at),
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
    summary: 'Let the published next keys sign from now on',
    input: nothing,
    status: 200,
    answer: keyList,
    refusals: ['key_not_ready', 'keys_unavailable'],
    async change(rooms) {
      await rooms.keyring.rotate();
      return { answer: listOf(rooms), did: { event: 'key.rotation_ordered' } };
    },
  }),
  act({
    method: 'POST',
    path: '/keys/:kid/revoke',
    name: 'revokeKey',
    summary: 'Take a key out of the JWKS for good',
    input: nothing,
    status: 200,
    answer: keyList,
    refusals: ['key_not_found', 'keys_unavailable'],
    async change(rooms, { params: { kid } }) {
      await rooms.keyring.revoke(kid);
      return { answer: listOf(rooms), did: { event: 'key.revocation_ordered', kid } };
    },
  }),
];
