/** All documents of all issuers, read page by page, so that memory does not grow with the number of tenants. */

import type { Tenants } from '../../access/tenants/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { type Issuers, type PublishedDocument, publishedDocuments } from '../issuer/index.ts';

export interface DocumentSource {
  readonly issuers: Pick<Issuers, 'main' | 'ofTenant'>;
  readonly tenants: Pick<Tenants, 'list'>;
  readonly logger: Logger;
}

const pageSize = 200;

export async function* allDocuments({
  issuers,
  tenants,
  logger,
}: DocumentSource): AsyncGenerator<PublishedDocument> {
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
        'cannot use the signing keys of these tenants; their documents are not published',
      );
    after = page.next;
  } while (after !== undefined);
}
