/** An access token in a file for gcloud, which reads it at each start and cannot use an endpoint. */

import { every } from '../../../platform/time/index.ts';
import { replaceFile } from '../../loopback/index.ts';
import type { FetchCredentials } from '../client.ts';

/** The SDK refreshes five minutes before expiry, so a token in the file is valid for at least four more minutes. */
const refreshIntervalMs = 60_000;

/** Writes the file and rewrites it for each new token. Returns a function that stops. */
export async function refreshTokenFile(
  fetchCredentials: FetchCredentials,
  connection: string,
  file: string,
  intervalMs = refreshIntervalMs,
): Promise<() => Promise<void>> {
  let written = '';
  const write = async () => {
    const credentials = await fetchCredentials(connection);
    if (credentials.cloud === 'aws' || credentials.accessToken === written) return;
    await replaceFile(file, credentials.accessToken);
    written = credentials.accessToken;
  };
  await write();
  // If a refresh fails, the old token stays in the file; the cloud reports an error to the program once it expires.
  return every(intervalMs, () => write().catch(() => undefined));
}
