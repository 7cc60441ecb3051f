/** Reads an entry and its index keys. They are derived from the entry, so that the index can be written after the line. */

/** Fields of an entry by which a search finds it. */
const fields = ['jti', 'connection', 'client', 'tenant', 'event'] as const;

/** A search by `use` finds the uses of a connection without reading its other lines. */
const uses: readonly unknown[] = ['token.issued', 'credentials.served'];

/**
 * `FIELD:VALUE` for each indexed field; `noun:connection` for events of connections themselves, which webhooks follow; and
 * `use:CONNECTION` for uses.
 */
export function readEntry(text: string): { readonly value: unknown; readonly keys: readonly string[] } {
  const value: unknown = JSON.parse(text);
  const values = Object(value) as Readonly<Record<string, unknown>>;
  const { event, connection } = values;
  const keys: string[] = [];
  for (const field of fields) if (typeof values[field] === 'string') keys.push(`${field}:${values[field]}`);
  if (typeof event === 'string' && event.startsWith('connection.')) keys.push('noun:connection');
  if (typeof connection === 'string' && uses.includes(event)) keys.push(`use:${connection}`);
  return { value, keys };
}
