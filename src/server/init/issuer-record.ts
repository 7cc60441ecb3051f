/** The record of the issuer in the store: to which issuer the store belongs, and whether `sojourn init` was completed. */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';

const schema = z.strictObject({
  issuer: z.string(),
  /** RFC 3339; null while `sojourn init` has not completed. */
  created_at: z.string().nullable(),
});

export type IssuerRecord = Readonly<z.output<typeof schema>>;

/** Its place among the documents. */
export const place = ['setting', 'issuer'] as const;

/** @throws {SojournError} `state_unusable` if another version wrote it */
export async function readIssuer(
  store: Pick<Store, 'get'>,
): Promise<{ readonly record: IssuerRecord; readonly version: number } | undefined> {
  const stored = await store.get(...place);
  if (!stored) return undefined;
  const parsed = schema.safeParse(stored.value);
  if (parsed.success) return { record: parsed.data, version: stored.version };
  throw new SojournError('state_unusable', {
    detail: 'The record of the issuer in the store has a form that this version of Sojourn does not know.',
    advice: 'Start the version of Sojourn that wrote it, or a newer one.',
  });
}
