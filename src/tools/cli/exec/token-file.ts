/** An access token in a file, for a tool that reads it at each start and cannot ask an endpoint: gcloud. */

import { every } from '../../../platform/time/index.ts';
import { replaceFile } from '../../loopback/index.ts';
import type { FetchCredentials } from '../client.ts';

/** The SDK renews five minutes before the end, so what is read has four minutes left or more. */
const refreshIntervalMs = 60_000;

/** Writes the file, and again whenever there is a newer token, until what is returned is called. */
export async function refreshTokenFile(
  fetchCredentials: FetchCredentials,
  connection: string,
  file: string,
  intervalMs = refreshIntervalMs,
): Promise<() => Promise<void>> {
  let written = '';
  const write = async () => {
    const given = await fetchCredentials(connection);
    if (given.cloud === 'aws' || given.accessToken === written) return;
    await replaceFile(file, given.accessToken);
    written = given.accessToken;
  };
  await write();
  // Whatever stops a turn, be it the server, the disk or the end of all this, the old token stays; a program that needs a
  // new one hears from its cloud when that ends.
  return every(intervalMs, () => write().catch(() => undefined));
}
