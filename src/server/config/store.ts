/** The field for the store. */
import { z } from 'zod';

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
