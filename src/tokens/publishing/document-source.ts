/** All documents of all issuers, read page by page, so that memory does not grow with the number of tenants. */

import type { Tenants } from '../../access/tenants/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { allItems } from '../../platform/store/index.ts';
import { type Issuers, type PublishedDocument, publishedDocuments } from '../issuer/index.ts';

export interface DocumentSource {
  readonly issuers: Pick<Issuers, 'shared' | 'ofTenant'>;
  readonly tenants: Pick<Tenants, 'list'>;
  readonly logger: Logger;
}

export const allDocuments = ({
  issuers,
  tenants,
  logger,
}: DocumentSource): AsyncGenerator<PublishedDocument> =>
  allItems(async (query) => {
    const page = await publishedDocuments(issuers, tenants, query);
    if (page.missing.length > 0)
      logger.warn(
        { tenants: page.missing },
        'cannot use the signing keys of these tenants; their documents are not published',
      );
    return page;
  });
