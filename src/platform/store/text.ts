/** Serializes values to JSON, the same for every backend. */

/** Throws a TypeError for a value that JSON cannot represent: undefined, a function, a cycle. */
export function toText(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`a stored value must be JSON, not ${typeof value}`);
  return text;
}

/**
 * Canonical JSON (RFC 8785): one text per value, so that a hash of it can be checked. Members are sorted by their names'
 * UTF-16 code units; JavaScript's numbers and strings already have the canonical form.
 * @throws {TypeError} for a value that JSON cannot represent
 */
export function toCanonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toCanonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return toText(value);
  const members: string[] = [];
  for (const name of Object.keys(value).sort()) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    const text =
      typeof member === 'object' && member !== null ? toCanonicalText(member) : JSON.stringify(member);
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join(',')}}`;
}
