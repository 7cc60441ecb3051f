/** What the URL of a store says, without opening it. */

/** The file of the embedded store; undefined for a shared one. */
export const databaseFileOf = (url: string): string | undefined =>
  url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : undefined;

/** The store in messages: the file, or the URL without user, password and query. */
export function storeNameOf(url: string): string {
  const file = databaseFileOf(url);
  if (file !== undefined) return file;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
