/** /keys: the signing keys, never their private halves. */
import { z } from 'zod';
import { invalidRequest } from '../../errors/index.ts';
import { read } from '../../input/index.ts';
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
      activate_at: moment.nullable().describe('When it is planned to sign; null for in its turn.'),
      activated_at: moment.nullable(),
      retired_at: moment.nullable(),
      revoked_at: moment.nullable(),
    }),
  ),
});

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
    answer: keyList,
    refusals: ['key_not_found', 'keys_unavailable'],
    async change(rooms, { params: { kid } }) {
      await rooms.keyring.revoke(kid);
      return { answer: listOf(rooms), did: { event: 'key.revocation_ordered', kid } };
    },
  }),
];
