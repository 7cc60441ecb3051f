/** /clients: the vendor's services that fetch tokens. No answer contains a hash, and each secret is in one answer only. */
import { z } from 'zod';
import { describeCertificate } from '../../../access/certificates/index.ts';
import {
  type Client,
  clientInput,
  clientPatch,
  clientRecord,
  secretInput,
  secretRecord,
} from '../../../access/clients/index.ts';
import { timestamp } from '../../../platform/validation/index.ts';
import { changedFields, eventIfChanged, noContent } from './fields.ts';
import { mapPage, pageOf, pageQuery } from './paging.ts';
import { nothing, type Route, readRoute, writeRoute } from './route.ts';
import { pattern, rule } from './rule-schemas.ts';
import type { AdminServices } from './services.ts';

export { clientInput, clientPatch as clientChange, secretInput };

type MemberOf<Union> = Union extends unknown ? keyof Union : never;

const { client_id, name, disabled, created_at, updated_at } = clientRecord.shape;
const { hash: _, replaces, ...secret } = secretRecord.shape;

export const client = z.object({
  client_id,
  name,
  auth: z.object({
    method: z.string(),
    jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).exactOptional(),
    platform: z.string().exactOptional(),
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
  } satisfies Readonly<Record<MemberOf<Client['auth']>, z.ZodType>>),
  certificates: z
    .array(z.object({ sha256: z.string(), subject: z.string(), expires_at: timestamp }))
    .exactOptional()
    .describe('The certificates of a client with `self_signed`. An expired certificate is still accepted.'),
  may_use: z.array(rule),
  disabled,
  secrets: z.array(
    z.object({
      ...secret,
      last_used_at: timestamp.nullable().describe('Accurate to a few minutes; null if never used.'),
      replaces,
    }),
  ),
  created_at,
  updated_at,
});

export const clientPage = pageOf(client);

async function viewOf({ clients }: Pick<AdminServices, 'clients'>, one: Client) {
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

const shownOnce = 'Shown only once; the server stores a hash.';

export const newClient = client.extend({
  client_secret: z.string().exactOptional().describe(`Only for the method \`client_secret\`. ${shownOnce}`),
});

export const newSecret = z.object({
  client_id: z.string(),
  secret_id: z.string(),
  client_secret: z.string().describe(shownOnce),
});

export const clientRoutes: readonly Route[] = [
  writeRoute({
    method: 'POST',
    path: '/clients',
    operationId: 'createClient',
    summary: 'Create a client; its secret is shown only once',
    input: clientInput,
    status: 201,
    answer: newClient,
    async change(services, { body }) {
      const { client: created, secret } = await services.clients.create(body);
      return {
        answer: {
          ...(await viewOf(services, created)),
          ...(secret ? { client_secret: secret.client_secret } : {}),
        },
        auditEvent: {
          event: 'client.created',
          client: created.client_id,
          facts: { auth: created.auth.method },
        },
      };
    },
  }),
  readRoute({
    path: '/clients',
    operationId: 'listClients',
    summary: 'List clients',
    query: pageQuery,
    answer: clientPage,
    async find(services, { query }) {
      const page = await services.clients.list(query);
      const items = await Promise.all(page.items.map((one) => viewOf(services, one)));
      return mapPage({ ...page, items }, (one) => one);
    },
  }),
  readRoute({
    path: '/clients/:id',
    operationId: 'showClient',
    summary: 'Show a client and its access rules',
    query: nothing,
    answer: client,
    refusals: ['client_not_found'],
    find: async (services, { params: { id } }) => viewOf(services, await services.clients.get(id)),
  }),
  writeRoute({
    method: 'PATCH',
    path: '/clients/:id',
    operationId: 'updateClient',
    summary: 'Update a client; rules in the body replace all existing rules',
    input: clientPatch,
    status: 200,
    answer: client,
    refusals: ['client_not_found', 'version_conflict'],
    async change(services, { params: { id }, body }) {
      const before = await services.clients.get(id);
      const changed = await services.clients.update(id, body);
      const facts = { changed: changedFields(body) };
      return {
        answer: await viewOf(services, changed),
        auditEvent: eventIfChanged(before, changed, { event: 'client.updated', client: id, facts }),
      };
    },
  }),
  writeRoute({
    method: 'DELETE',
    path: '/clients/:id',
    operationId: 'deleteClient',
    summary: 'Delete a client',
    input: nothing,
    status: 204,
    answer: noContent,
    refusals: ['client_not_found', 'version_conflict'],
    async change({ clients, approvals }, { params: { id } }) {
      await clients.remove(id);
      await approvals.forget({ client: id });
      return { answer: undefined, auditEvent: { event: 'client.deleted', client: id } };
    },
  }),
  writeRoute({
    method: 'POST',
    path: '/clients/:id/secrets',
    operationId: 'createSecret',
    summary: 'Create a second secret, to roll it out while the first one still works',
    input: secretInput,
    status: 201,
    answer: newSecret,
    refusals: ['client_not_found', 'secret_limit', 'version_conflict'],
    async change({ clients }, { params: { id }, body }) {
      const created = await clients.addSecret(id, body);
      return {
        answer: { client_id: id, ...created },
        auditEvent: { event: 'secret.created', client: id, facts: { secret: created.secret_id } },
      };
    },
  }),
  writeRoute({
    method: 'DELETE',
    path: '/clients/:id/secrets/:secret',
    operationId: 'deleteSecret',
    summary: 'Delete a secret; it and its API tokens stop working at once, cloud tokens when they expire',
    input: nothing,
    status: 204,
    answer: noContent,
    refusals: ['client_not_found', 'version_conflict'],
    async change({ clients }, { params: { id, secret } }) {
      await clients.removeSecret(id, secret);
      return { answer: undefined, auditEvent: { event: 'secret.deleted', client: id, facts: { secret } } };
    },
  }),
];
