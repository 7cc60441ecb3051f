/** Places in the network or on disk that a key names by a URL. */
import { z } from 'zod';
import { isLoopback } from './address.ts';

/** A base URL that secrets are sent to: https, or http that stays on this machine. Loses its trailing slash. */
export const endpointField = z.string().transform((text, context) => {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.host) return refuse('must be a URL such as https://host.example');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    return refuse('must begin with https:// (http only for loopback hosts)');
  if (url.username || url.password || url.search || url.hash)
    return refuse('must not hold a user, a query or a fragment');
  return url.href.replace(/\/+$/, '');
});

const regionMark = '{region}';
/** Passes for the name of a region in a URL, and is none. */
const someRegion = 'zz-anywhere-0';

/** The same, in which `{region}` may stand for the name of a region, in the host as well. */
export const regionalEndpointField = z
  .string()
  .transform((text) => text.replaceAll(regionMark, someRegion))
  .pipe(endpointField)
  .transform((url) => url.replaceAll(someRegion, regionMark));

const laterStores = /^redis\+(sentinel|cluster):\/\//;

/** The value may hold a password: no message ever repeats it. */
export const storeField = z.string().superRefine((text, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message });
  if (laterStores.test(text)) return refuse('Sentinel and Cluster are not supported by this version');
  if (/^rediss?:\/\//.test(text)) {
    if (!URL.canParse(text) || !new URL(text).hostname) refuse('must be a URL such as redis://host:6379/0');
    return;
  }
  const [, file] = /^sqlite:([^\0]+)$/.exec(text) ?? [];
  if (file === undefined) return refuse('must be sqlite:FILE, redis://… or rediss://…');
  if (file === ':memory:') refuse('must name a file: a store in memory would forget the keys');
});

/** `file:PATH` or `env:NAME`, taken apart. */
export const secretSourceField = z.string().transform((text, context) => {
  const [, from, place = ''] = /^(file|env):([^\0]+)$/.exec(text) ?? [];
  if (from === 'file') return { from, file: place } as const;
  if (from === 'env' && /^[A-Za-z_]\w*$/.test(place)) return { from, name: place } as const;
  context.addIssue({
    code: 'custom',
    message: 'must be file:PATH or env:NAME; the secret itself never stands here',
  });
  return z.NEVER;
});

export const fileField = z.string().regex(/^[^\0]+$/, 'must name a file');
