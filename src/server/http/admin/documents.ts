/** /keys/documents: discovery and JWKS exactly as served, for mirrors that stay up when this server is down. */
import { z } from 'zod';
import { publishedDocuments } from '../../../tokens/issuer/index.ts';
import { mapPage, pageOf, pageQuery } from './paging.ts';
import { readRoute } from './route.ts';

export const documentPage = pageOf(
  z.object({
    path: z.string().describe('Path below the URL of the shared issuer.'),
    media_type: z.string(),
    cache_control: z.string(),
    body: z.string().describe('Serve it unchanged, byte for byte.'),
  }),
)
  .extend({
    omitted_tenants: z
      .array(z.string())
      .describe('Tenants whose documents are omitted because their keys are unusable.'),
  })
  .describe('`limit` counts tenants; a tenant on the shared issuer has no documents.');

export const documentsRoute = readRoute({
  path: '/keys/documents',
  operationId: 'listDocuments',
  summary: 'List the discovery document and JWKS of every issuer, as served',
  query: pageQuery,
  answer: documentPage,
  async find({ issuers, tenants }, { query }) {
    const page = await publishedDocuments(issuers, tenants, query);
    const view = mapPage(page, ({ path, document }) => ({
      path,
      media_type: document.headers['content-type'] ?? '',
      cache_control: document.headers['cache-control'] ?? '',
      body: document.body.toString(),
    }));
    return { ...view, omitted_tenants: [...page.missing] };
  },
});
