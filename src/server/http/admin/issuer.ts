/** /issuer: the documents that this server publishes, to compare with what verifiers fetch. */
import { z } from 'zod';
import { shortText } from './paging.ts';
import { type Route, readRoute } from './route.ts';

const document = z.record(z.string(), z.unknown());

export const issuerDocuments = z.object({
  issuer: z.string(),
  discovery: document,
  jwks: z.object({ keys: z.array(document) }),
});

export const issuerRoutes: readonly Route[] = [
  readRoute({
    path: '/issuer',
    operationId: 'showIssuer',
    summary: 'Show the discovery document and JWKS that this server publishes',
    query: z.strictObject({
      tenant: shortText.describe(
        'The issuer of this tenant; the shared issuer if the tenant does not have its own.',
      ),
    }),
    answer: issuerDocuments,
    refusals: ['tenant_not_found'],
    async find({ issuers, tenants }, { query: { tenant } }) {
      const own = tenant === undefined ? undefined : await issuers.ofTenant((await tenants.get(tenant)).id);
      const issuer = own ?? issuers.shared;
      return {
        issuer: issuer.url,
        discovery: JSON.parse(issuer.discovery().body.toString()) as Record<string, unknown>,
        jwks: JSON.parse(issuer.jwks().body.toString()) as { keys: Record<string, unknown>[] },
      };
    },
  }),
];
