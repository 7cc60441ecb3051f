/**
 * Ids and names as stored. A text of PostgreSQL cannot contain NUL, so U+0001 escapes it and itself; the order stays the same.
 */
export const toKey = (id: string): string =>
  id.includes('\0') || id.includes('\x01')
    ? id.replaceAll('\x01', '\x01\x02').replaceAll('\0', '\x01\x01')
    : id;

export const fromKey = (key: string): string =>
  key.includes('\x01') ? key.replaceAll('\x01\x01', '\0').replaceAll('\x01\x02', '\x01') : key;
