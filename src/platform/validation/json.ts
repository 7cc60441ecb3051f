/** Detects duplicate member names, which parsers interpret differently: the first or the last wins (RFC 8259 section 4). */

/** Whether an object in this text has a duplicate member name. The text must be valid JSON. */
export function hasDuplicateName(text: string): boolean {
  // Match strings first, because they can contain any other token.
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
