/** Every document of every issuer, with its path below the shared issuer's URL: what a mirror serves. */
import type { Tenants } from '../../access/tenants/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Page } from '../../platform/store/index.ts';
import { discoveryPath, type FixedDocument, jwksPath } from './documents.ts';
import type { Issuer } from './issuer.ts';
import type { Issuers } from './issuers.ts';

export interface PublishedDocument {
  /** Without a leading slash: `jwks`, `t/ten_…/jwks`. */
  readonly path: string;
  readonly document: FixedDocument;
}

export interface PublishedPage extends Page<PublishedDocument> {
  /** Tenants whose keys cannot be used, so that they have no documents now. */
  readonly missing: readonly string[];
}

/** The first page has the documents of the shared issuer; each page has those of up to `limit` tenants. */
export async function publishedDocuments(
  issuers: Pick<Issuers, 'shared' | 'ofTenant'>,
  tenants: Pick<Tenants, 'list'>,
  query: { readonly after?: string; readonly limit: number },
): Promise<PublishedPage> {
  const page = await tenants.list(query);
  const items = query.after === undefined ? both('', issuers.shared) : [];
  const missing: string[] = [];
  for (const { id, own_keys } of page.items) {
    if (own_keys === null) continue;
    try {
      const issuer = await issuers.ofTenant(id);
      if (issuer) items.push(...both(`t/${id}/`, issuer));
    } catch (error) {
      if (!(error instanceof SojournError && error.code === 'keys_unavailable')) throw error;
      missing.push(id);
    }
  }
  return { ...page, items, missing };
}

/** The JWKS first: a verifier that reads the new discovery document must find the keys. */
const both = (below: string, issuer: Issuer): PublishedDocument[] => [
  { path: below + jwksPath.slice(1), document: issuer.jwks() },
  { path: below + discoveryPath.slice(1), document: issuer.discovery() },
];
