/** Every document of every issuer, with the path below the main issuer's URL where it stands: what a copy elsewhere must serve. */
import type { Page } from '../store/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { discoveryPath, type FixedDocument, jwksPath } from './documents.ts';
import type { Issuer } from './issuer.ts';
import type { Issuers } from './issuers.ts';

export interface PublishedDocument {
  /** Without a leading slash: `jwks`, `t/ten_…/jwks`. */
  readonly path: string;
  readonly document: FixedDocument;
}

/** The documents of the main issuer on the first page, and those of `limit` tenants, where they have an issuer, on each. */
export async function publishedDocuments(
  issuers: Pick<Issuers, 'main' | 'ofTenant'>,
  tenants: Pick<Tenants, 'list'>,
  query: { readonly after?: string; readonly limit: number },
): Promise<Page<PublishedDocument>> {
  const page = await tenants.list(query);
  const items = query.after === undefined ? both('', issuers.main) : [];
  for (const { id, own_keys } of page.items) {
    const issuer = own_keys === null ? undefined : await issuers.ofTenant(id);
    if (issuer) items.push(...both(`t/${id}/`, issuer));
  }
  return { ...page, items };
}

/** The keys first: a discovery document that is read leads to them. */
const both = (below: string, issuer: Issuer): PublishedDocument[] => [
  { path: below + jwksPath.slice(1), document: issuer.jwks() },
  { path: below + discoveryPath.slice(1), document: issuer.discovery() },
];
