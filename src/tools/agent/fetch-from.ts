/** Fetches cache values from the server, with the SDK. */
import type { Sojourn } from '../sdk/index.ts';
import type { CacheValue, EntrySpec } from './cache-entry.ts';
import { fetchDelivery } from './delivery.ts';
import { expiryOf } from './format.ts';

/** One request for each value. Credentials are fetched as JSON, from which all other formats can be made. */
export function fetchFrom(sojourn: Pick<Sojourn, 'token' | 'formattedCredentials'>, signal: AbortSignal) {
  return async ({ connection, type, purpose }: EntrySpec): Promise<CacheValue> => {
    if (type === 'delivery') return fetchDelivery(sojourn, connection, signal);
    if (type === 'token') {
      const { token, expiresAt } = await sojourn.token(connection, { signal });
      return { text: token, expiresAt: expiresAt.valueOf() };
    }
    const text = await sojourn.formattedCredentials(connection, 'json', { signal, purpose });
    return { text, expiresAt: expiryOf(text) };
  };
}
