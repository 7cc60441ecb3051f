/** /keys/documents: discovery and JWKS as they are served, for copies that stay when this server does not. */
import { z } from 'zod';
import { publishedDocuments } from '../../../tokens/issuer/index.ts';
import { mapPage, pageOf, pageQuery } from './paging.ts';
import { readRoute } from './route.ts';

export const documentPage = pageOf(
  z.object({
    path: z.string().describe('Below the URL of the main issuer.'),
    media_type: z.string(),
    cache_control: z.string(),
    body: z.string().describe('To be served as it is, byte for byte.'),
  }),
)
  .extend({
    missing: z.array(z.string()).describe('Tenants whose documents are left out: their keys cannot be used.'),
  })
  .describe('The limit counts tenants; those without an issuer of their own have no documents.');

export const documentsRoute = readRoute({
  path: '/keys/documents',
  operationId: 'listDocuments',
  summary: 'List discovery and JWKS of every issuer, as they are served',
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
    return { ...view, missing: [...page.missing] };
  },
});
