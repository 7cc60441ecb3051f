/** Fields for files and for the sources of secrets. */
import { z } from 'zod';

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
