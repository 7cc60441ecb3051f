/** Serializes values to JSON, the same for every backend. */

/** Throws a TypeError for a value that JSON cannot represent: undefined, a function, a cycle. */
export function toText(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`a stored value must be JSON, not ${typeof value}`);
  return text;
}
