/** All documents of all issuers that have them, page by page, so that many tenants are never held at once. */

import type { Tenants } from '../../access/tenants/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { type Issuers, type PublishedDocument, publishedDocuments } from '../issuer/index.ts';

export interface Source {
  readonly issuers: Pick<Issuers, 'main' | 'ofTenant'>;
  readonly tenants: Pick<Tenants, 'list'>;
  readonly logger: Logger;
}

const pageSize = 200;

export async function* allDocuments({ issuers, tenants, logger }: Source): AsyncGenerator<PublishedDocument> {
  let after: string | undefined;
  do {
    const page = await publishedDocuments(issuers, tenants, {
      ...(after === undefined ? {} : { after }),
      limit: pageSize,
    });
    yield* page.items;
    if (page.missing.length > 0)
      logger.warn(
        { tenants: page.missing },
        'documents are left out: the keys of these tenants cannot be used',
      );
    after = page.next;
  } while (after !== undefined);
}
