/** All documents of all issuers, page by page, so that many tenants are never held at once as whole pages of work. */
import { type Issuers, type PublishedDocument, publishedDocuments } from '../issuer/index.ts';
import type { Tenants } from '../tenants/index.ts';

export interface Source {
  readonly issuers: Pick<Issuers, 'main' | 'ofTenant'>;
  readonly tenants: Pick<Tenants, 'list'>;
}

const pageSize = 200;

export async function* allDocuments({ issuers, tenants }: Source): AsyncGenerator<PublishedDocument> {
  let after: string | undefined;
  do {
    const page = await publishedDocuments(issuers, tenants, {
      ...(after === undefined ? {} : { after }),
      limit: pageSize,
    });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}
