/** Fields for the URLs of services that receive secrets. */
import { z } from 'zod';
import { parseBaseUrl } from '../outbound/index.ts';

/** A base URL that may receive secrets: https, or http on loopback. The trailing slash is removed. */
export const endpointField = z.string().transform((text, context) => {
  const parsed = parseBaseUrl(text);
  if ('url' in parsed) return parsed.url;
  context.addIssue({ code: 'custom', message: parsed.fault });
  return z.NEVER;
});

const regionMark = '{region}';
/** Placeholder with the syntax of a region that is not a region. */
const placeholderRegion = 'zz-anywhere-0';

/** The same, with `{region}` as a placeholder for the region, also in the host. */
export const regionalEndpointField = z
  .string()
  .transform((text) => text.replaceAll(regionMark, placeholderRegion))
  .pipe(endpointField)
  .transform((url) => url.replaceAll(placeholderRegion, regionMark));
