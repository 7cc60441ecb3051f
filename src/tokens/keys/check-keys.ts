/** Whether a backend can sign with all keys of a ring. */
import { SojournError } from '../../platform/errors/index.ts';
import type { KeyBackend } from './backend.ts';
import type { KeyRecord } from './ring.ts';

/**
 * Rejects with the error of the first unusable key; if only some are unusable, it names these and the others.
 *
 * @param location of the ring: the store, or a file
 */
export async function checkKeys(
  keys: readonly KeyRecord[],
  backend: KeyBackend,
  location?: string,
): Promise<void> {
  const { usable, unusable, error } = await sortKeys(keys, backend);
  if (!error) return;
  const { code, message, advice, cause } = error;
  const found = location === undefined ? '' : ` It is in ${location}.`;
  const same = unusable.length > 1 ? ` The same holds for ${unusable.slice(1).join(', ')}.` : '';
  const others = usable.length > 0 ? `${same} Usable: ${usable.join(', ')}.` : '';
  throw new SojournError(code, { detail: `${message}${found}${others}`, advice, cause });
}

/** The kids of the keys with private keys, by whether the backend can sign with them. */
export async function sortKeys(keys: readonly KeyRecord[], backend: KeyBackend) {
  const [usable, unusable]: [string[], string[]] = [[], []];
  let first: SojournError | undefined;
  for (const key of keys.filter(({ sealed }) => sealed !== null)) {
    try {
      await backend.check(key);
      usable.push(key.kid);
    } catch (error) {
      if (!(error instanceof SojournError) || error.code !== 'key_material_unusable') throw error;
      unusable.push(key.kid);
      first ??= error;
    }
  }
  return { usable, unusable, error: first };
}
