/** An access token in a file for a tool that reads it at each start and cannot use an endpoint. */
import { rm } from 'node:fs/promises';
import { every } from '../../../platform/time/index.ts';
import { replaceFile } from '../../loopback/index.ts';
import { isRefusal } from '../../sdk/index.ts';
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
    if (!('accessToken' in credentials) || credentials.accessToken === written) return;
    await replaceFile(file, credentials.accessToken);
    written = credentials.accessToken;
  };
  await write();
  // During an outage the current token stays in the file; after a refusal of the server no program may use it.
  const onFailure = async (error: unknown) => {
    if (!isRefusal(error)) return;
    written = '';
    await rm(file, { force: true });
  };
  return every(intervalMs, () =>
    write()
      .catch(onFailure)
      .catch(() => undefined),
  );
}
