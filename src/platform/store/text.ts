/** Values become JSON text on the way in, in one way for every backend. */

/** Throws a TypeError for what JSON has no word for: undefined, a function, a circle. */
export function toText(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`a stored value must be JSON, not ${typeof value}`);
  return text;
}
