/** Names that an object has twice. One reader takes the first of them and another the last (RFC 8259 section 4). */

/** Whether some object in this text, which JSON.parse takes, has a member twice. */
export function hasDoubledName(text: string): boolean {
  // Strings first, since they may hold anything; then what opens, closes and separates.
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gs);
  const open: (Set<string> | undefined)[] = [];
  let last: string | undefined;
  for (const [token] of tokens) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const names = open.at(-1);
      const name = String(JSON.parse(last ?? '""'));
      if (names?.has(name)) return true;
      names?.add(name);
    }
    last = token;
  }
  return false;
}
