/** /clients: the vendor's services that fetch tokens. No answer has a hash, and a secret is in one answer only. */
import { z } from 'zod';
import { describeCertificate } from '../../../access/certificates/index.ts';
import { type Client, clientInput, clientPatch, secretInput } from '../../../access/clients/index.ts';
import { pattern, rule } from './access.ts';
import { pageOf, pageOn, pageQuery } from './paging.ts';
import type { AdminRooms } from './rooms.ts';
import { act, look, nothing, type Route } from './route.ts';
import { gone, membersOf, moment } from './words.ts';

export { clientInput, clientPatch as clientChange, secretInput };

export const client = z.object({
  client_id: z.string(),
  name: z.string(),
  auth: z.object({
    method: z.string(),
    jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).exactOptional(),
    preset: z.string().exactOptional(),
    issuer: z.string().exactOptional(),
    audience: z.string().exactOptional(),
    subject: pattern.exactOptional(),
    claims: z.record(z.string(), pattern).exactOptional(),
    jwks_uri: z.string().exactOptional(),
    subject_dn: z.string().exactOptional(),
    san_dns: z.string().exactOptional(),
    san_uri: z.string().exactOptional(),
    san_ip: z.string().exactOptional(),
    san_email: z.string().exactOptional(),
    self_signed: z.boolean().exactOptional(),
    certificates: z.array(z.string()).exactOptional().describe('In PEM.'),
  }),
  certificates: z
    .array(z.object({ sha256: z.string(), subject: z.string(), expires_at: moment }))
    .exactOptional()
    .describe('What stands in the certificates of a client with self_signed. An expired one is still taken.'),
  may_use: z.array(rule),
  disabled: z.boolean(),
  secrets: z.array(
    z.object({
      id: z.string(),
      created_at: moment,
      expires_at: moment.nullable(),
      last_used_at: moment.nullable().describe('To a few minutes; null when it never was.'),
      replaces: z
        .object({ id: z.string(), grace_seconds: z.int() })
        .nullable()
        .describe('The secret that ends once this one has been seen in use.'),
    }),
  ),
  created_at: moment,
  updated_at: moment,
});

export const clientPage = pageOf(client);

async function viewOf({ clients }: Pick<AdminRooms, 'clients'>, one: Client) {
  const secrets = await Promise.all(
    one.secrets.map(async (secret) => ({
      ...secret,
      last_used_at: (await clients.lastUsed(secret.id)) ?? null,
    })),
  );
  return { ...one, ...certificatesOf(one), secrets };
}

function certificatesOf({ auth }: Client) {
  if (auth.method !== 'tls' || !auth.certificates) return {};
  return { certificates: auth.certificates.flatMap((pem) => describeCertificate(pem) ?? []) };
}

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
    async change(rooms, { body }) {
      const { client: made, secret } = await rooms.clients.create(body);
      return {
        answer: {
          ...(await viewOf(rooms, made)),
          ...(secret ? { client_secret: secret.client_secret } : {}),
        },
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
    async find(rooms, { query }) {
      const page = await rooms.clients.list(query);
      const items = await Promise.all(page.items.map((one) => viewOf(rooms, one)));
      return pageOn({ ...page, items }, (one) => one);
    },
  }),
  look({
    path: '/clients/:id',
    name: 'showClient',
    summary: 'Show one client and what it may use',
    query: nothing,
    answer: client,
    refusals: ['client_not_found'],
    find: async (rooms, { params: { id } }) => viewOf(rooms, await rooms.clients.get(id)),
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
    async change(rooms, { params: { id }, body }) {
      const changed = await rooms.clients.update(id, body);
      return {
        answer: await viewOf(rooms, changed),
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
    async change({ clients, approvals }, { params: { id } }) {
      await clients.remove(id);
      await approvals.forget({ client: id });
      return { answer: undefined, did: { event: 'client.deleted', client: id } };
    },
  }),
  act({
    method: 'POST',
    path: '/clients/:id/secrets',
    name: 'createSecret',
    summary: 'Make a second secret, so that it is rolled out while the first one still works',
    input: secretInput,
    status: 201,
    answer: newSecret,
    refusals: ['client_not_found', 'secret_limit', 'version_conflict'],
    async change({ clients }, { params: { id }, body }) {
      const made = await clients.addSecret(id, body);
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
