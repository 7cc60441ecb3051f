/** An access token in a file, for a tool that reads it at each start and cannot ask an endpoint: gcloud. */
import { rename, writeFile } from 'node:fs/promises';
import { SojournRequestError } from '../../sdk/index.ts';
import { every } from '../../time/index.ts';
import type { CredentialsOf } from '../client.ts';

/** The SDK renews five minutes before the end, so what is read has four minutes left or more. */
const lookMs = 60_000;

/** Writes the file, and again whenever there is a newer token, until what is returned is called. */
export async function keepTokenFile(
  credentialsOf: CredentialsOf,
  connection: string,
  file: string,
  turnMs = lookMs,
): Promise<() => Promise<void>> {
  let written = '';
  const write = async () => {
    const given = await credentialsOf(connection);
    if (given.cloud === 'aws' || given.accessToken === written) return;
    // A reader finds the old token or the new one, and no newline, which some would send along.
    await writeFile(`${file}.new`, given.accessToken, { mode: 0o600 });
    await rename(`${file}.new`, file);
    written = given.accessToken;
  };
  await write();
  return every(turnMs, () =>
    write().catch((error: unknown) => {
      // The old token stays; a program that needs a new one hears from its cloud when that ends.
      if (!(error instanceof SojournRequestError)) throw error;
    }),
  );
}
