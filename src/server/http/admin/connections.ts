/** /connections: the ways into the customers' clouds. */
import { z } from 'zod';
import {
  type Connection,
  connectionInput,
  connectionPatch,
  destinationOf,
  stateOf,
  subjectOf,
} from '../../../access/connections/index.ts';
import { pageOf, pageOn, pageQuery, word } from './paging.ts';
import type { AdminRooms } from './rooms.ts';
import { act, type Deed, look, nothing, type Params, type Route } from './route.ts';
import { gone, membersOf, moment } from './words.ts';

export { connectionInput, connectionPatch as connectionChange };

export const connection = z.object({
  id: z.string(),
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  tenant: z.string(),
  cloud: z.string(),
  target: z.record(z.string(), z.unknown()),
  purposes: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .exactOptional()
    .describe('What it may be used for, where not for everything.'),
  subject: z.string().describe('The sub of its tokens.'),
  audience: z.string().describe('The aud of its tokens.'),
  issuer: z.string().describe('The iss of its tokens.'),
  algorithm: z.string(),
  token_ttl: z.int().nullable().describe("Seconds; null stands for the server's own."),
  approval: z
    .enum(['none', 'required'])
    .default('none')
    .describe('Whether an administrator has to grant each client its use.'),
  uploaded_kids: z
    .array(z.string())
    .optional()
    .describe('What its cloud was said to hold, where keys are uploaded.'),
  state: z.enum(['pending', 'active', 'failing', 'disabled', 'paused']),
  paused_at: moment.optional().describe('When its customer paused it; only they can resume it.'),
  created_at: moment,
  updated_at: moment,
  verified_at: moment.nullable(),
});

export const connectionPage = pageOf(connection);

const connectionQuery = pageQuery.extend({ tenant: word.describe('Only those of this tenant.') });

const viewOf = (one: Connection) => ({
  ...one,
  subject: subjectOf(one),
  audience: destinationOf(one).audience,
  state: stateOf(one),
});

const deed = (event: Deed['event'], { id, tenant }: Connection): Deed => ({ event, connection: id, tenant });

export const connectionRoutes: readonly Route[] = [
  act({
    method: 'POST',
    path: '/connections',
    name: 'createConnection',
    summary: 'Add a connection; its target may be completed later',
    input: connectionInput,
    status: 201,
    answer: connection,
    async change({ connections }, { body }) {
      const made = await connections.create(body);
      return {
        answer: viewOf(made),
        did: { ...deed('connection.created', made), facts: { cloud: made.cloud } },
      };
    },
  }),
  look({
    path: '/connections',
    name: 'listConnections',
    summary: 'List the connections',
    query: connectionQuery,
    answer: connectionPage,
    async find({ connections }, { query: { tenant, ...page } }) {
      const within = tenant === undefined ? {} : { within: tenant };
      return pageOn(await connections.list({ ...page, ...within }), viewOf);
    },
  }),
  look({
    path: '/connections/:id',
    name: 'showConnection',
    summary: 'Show one connection',
    query: nothing,
    answer: connection,
    refusals: ['connection_not_found'],
    async find({ connections }, { params: { id } }) {
      return viewOf(await connections.get(id));
    },
  }),
  act({
    method: 'PATCH',
    path: '/connections/:id',
    name: 'updateConnection',
    summary: 'Change a connection; fields of the target are merged, null takes one out',
    input: connectionPatch,
    status: 200,
    answer: connection,
    refusals: ['connection_not_found', 'version_conflict'],
    async change({ connections }, { params: { id }, body }) {
      const changed = await connections.update(id, body);
      return {
        answer: viewOf(changed),
        did: { ...deed('connection.updated', changed), facts: { changed: membersOf(body) } },
      };
    },
  }),
  act({
    method: 'DELETE',
    path: '/connections/:id',
    name: 'deleteConnection',
    summary: 'Remove a connection for good; its id is never used again',
    input: nothing,
    status: 204,
    answer: gone,
    refusals: ['connection_not_found', 'version_conflict'],
    async change({ connections, approvals }, { params: { id } }) {
      const one = await connections.get(id);
      await connections.remove(id);
      await approvals.forget({ connection: id });
      return { answer: undefined, did: deed('connection.deleted', one) };
    },
  }),
  act({
    method: 'POST',
    path: '/connections/:id/enable',
    name: 'enableConnection',
    summary: 'Let a connection be used again',
    input: nothing,
    status: 200,
    answer: connection,
    refusals: ['connection_not_found', 'version_conflict'],
    change: (rooms, { params }) => setDisabled(rooms, params, false),
  }),
  act({
    method: 'POST',
    path: '/connections/:id/disable',
    name: 'disableConnection',
    summary: 'Refuse the use of a connection from now on',
    input: nothing,
    status: 200,
    answer: connection,
    refusals: ['connection_not_found', 'version_conflict'],
    change: (rooms, { params }) => setDisabled(rooms, params, true),
  }),
];

async function setDisabled({ connections }: AdminRooms, { id }: Params<':id'>, disabled: boolean) {
  const changed = await connections.setDisabled(id, disabled);
  const event = disabled ? 'connection.disabled' : 'connection.enabled';
  return { answer: viewOf(changed), did: deed(event, changed) };
}
