/** Fields for URLs, stores, files and secret sources. */
import { z } from 'zod';
import { parseBaseUrl } from '../../platform/outbound/index.ts';

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

const unsupportedStores = /^redis\+(sentinel|cluster):\/\//;

/** The value may contain a password, so no message repeats it. */
export const storeField = z.string().superRefine((text, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message });
  if (unsupportedStores.test(text)) return refuse('Sentinel and Cluster are not supported by this version');
  if (/^rediss?:\/\//.test(text)) {
    if (!URL.canParse(text) || !new URL(text).hostname) refuse('must be a URL such as redis://host:6379/0');
    return;
  }
  const [, file] = /^sqlite:([^\0]+)$/.exec(text) ?? [];
  if (file === undefined) return refuse('must be sqlite:FILE, redis://… or rediss://…');
  if (file === ':memory:') refuse('must name a file: a store in memory loses the keys at a restart');
});

/** Parses `file:PATH` or `env:NAME`. */
export const secretSourceField = z.string().transform((text, context) => {
  const [, from, name = ''] = /^(file|env):([^\0]+)$/.exec(text) ?? [];
  if (from === 'file') return { from, file: name } as const;
  if (from === 'env' && /^[A-Za-z_]\w*$/.test(name)) return { from, name } as const;
  context.addIssue({
    code: 'custom',
    message: 'must be file:PATH or env:NAME, never the secret itself',
  });
  return z.NEVER;
});

export const fileField = z.string().regex(/^[^\0]+$/, 'must name a file');
