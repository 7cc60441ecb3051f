/** /clients: the vendor's services that fetch tokens. No answer has a hash, and a secret is in one answer only. */
import { z } from 'zod';
import { clientInput, clientPatch } from '../../clients/index.ts';
import { pageOf, pageOn, pageQuery } from './paging.ts';
import { act, look, nothing, type Route } from './route.ts';
import { gone, membersOf, moment } from './words.ts';

export { clientInput, clientPatch as clientChange };

const rule = z.union([z.object({ connection: z.string() }), z.object({ tenant: z.string() })]);

export const client = z.object({
  client_id: z.string(),
  name: z.string(),
  auth: z.object({
    method: z.string(),
    jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).exactOptional(),
  }),
  may_use: z.array(rule),
  disabled: z.boolean(),
  secrets: z.array(z.object({ id: z.string(), created_at: moment })),
  created_at: moment,
  updated_at: moment,
});

export const clientPage = pageOf(client);

const shownOnce = 'Shown this once; only its hash is kept.';

export const newClient = client.extend({
  client_secret: z.string().exactOptional().describe(`With the method client_secret. ${shownOnce}`),
});

export const newSecret = z.object({
  client_id: z.string(),
  secret_id: z.string(),
  client_secret: z.string().describe(shownOnce),
});

export const clientRoutes: readonly Route[] = [
  act({
    method: 'POST',
    path: '/clients',
    name: 'createClient',
    summary: 'Add a client; its secret is shown this once',
    input: clientInput,
    status: 201,
    answer: newClient,
    async change({ clients }, { body }) {
      const { client: made, secret } = await clients.create(body);
      return {
        answer: { ...made, ...(secret ? { client_secret: secret.client_secret } : {}) },
        did: { event: 'client.created', client: made.client_id, facts: { auth: made.auth.method } },
      };
    },
  }),
  look({
    path: '/clients',
    name: 'listClients',
    summary: 'List the clients',
    query: pageQuery,
    answer: clientPage,
    async find({ clients }, { query }) {
      return pageOn(await clients.list(query), (one) => one);
    },
  }),
  look({
    path: '/clients/:id',
    name: 'showClient',
    summary: 'Show one client and what it may use',
    query: nothing,
    answer: client,
    refusals: ['client_not_found'],
    find: ({ clients }, { params: { id } }) => clients.get(id),
  }),
  act({
    method: 'PATCH',
    path: '/clients/:id',
    name: 'updateClient',
    summary: 'Change a client; rules that are given replace the old ones',
    input: clientPatch,
    status: 200,
    answer: client,
    refusals: ['client_not_found', 'version_conflict'],
    async change({ clients }, { params: { id }, body }) {
      const changed = await clients.update(id, body);
      return {
        answer: changed,
        did: { event: 'client.updated', client: id, facts: { changed: membersOf(body) } },
      };
    },
  }),
  act({
    method: 'DELETE',
    path: '/clients/:id',
    name: 'deleteClient',
    summary: 'Remove a client',
    input: nothing,
    status: 204,
    answer: gone,
    refusals: ['client_not_found', 'version_conflict'],
    async change({ clients }, { params: { id } }) {
      await clients.remove(id);
      return { answer: undefined, did: { event: 'client.deleted', client: id } };
    },
  }),
  act({
    method: 'POST',
    path: '/clients/:id/secrets',
    name: 'createSecret',
    summary: 'Make a second secret, so that it is rolled out while the first one still works',
    input: nothing,
    status: 201,
    answer: newSecret,
    refusals: ['client_not_found', 'secret_limit', 'version_conflict'],
    async change({ clients }, { params: { id } }) {
      const made = await clients.addSecret(id);
      return {
        answer: { client_id: id, ...made },
        did: { event: 'secret.created', client: id, facts: { secret: made.secret_id } },
      };
    },
  }),
  act({
    method: 'DELETE',
    path: '/clients/:id/secrets/:secret',
    name: 'deleteSecret',
    summary: 'Make a secret worthless at once',
    input: nothing,
    status: 204,
    answer: gone,
    refusals: ['client_not_found', 'version_conflict'],
    async change({ clients }, { params: { id, secret } }) {
      await clients.removeSecret(id, secret);
      return { answer: undefined, did: { event: 'secret.deleted', client: id, facts: { secret } } };
    },
  }),
];
