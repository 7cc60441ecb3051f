/** Formats cached credentials as the server would, from the server's JSON. */
import type { Connection } from '../../access/connections/index.ts';
import type { Credentials } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { type FormattedCredentials, requireFormat } from '../../tokens/formats/index.ts';

/** The server's `format=json`. The server validates it; the agent checks only `expires_at`. */
interface ServerCredentials {
  readonly connection: string;
  readonly cloud: Connection['cloud'];
  readonly purpose?: string;
  readonly expires_at: string;
  readonly credentials: Credentials['credentials'];
}

/** In milliseconds since the epoch. Throws `internal` if the text has no expiry. */
export function expiryOf(text: string): number {
  try {
    const expiresAt = Date.parse((JSON.parse(text) as ServerCredentials).expires_at);
    if (!Number.isNaN(expiresAt)) return expiresAt;
  } catch {
    // The error below does not include the text, which may contain secrets.
  }
  throw new SojournError('internal', {
    detail: 'The server returned credentials without an expiry.',
    advice: 'Check that the issuer is the URL of a Sojourn server.',
  });
}

export const credentialsIn = (text: string): Credentials['credentials'] =>
  (JSON.parse(text) as ServerCredentials).credentials;

/** Throws `invalid_request` if the format is unknown or belongs to another cloud. */
export function formatCached(format: string, text: string, now: Now): FormattedCredentials {
  const { connection: id, cloud, purpose = null, credentials } = JSON.parse(text) as ServerCredentials;
  const formatCredentials = requireFormat(format, { cloud });
  return formatCredentials({ id, cloud }, { credentials, expiresAt: expiryOf(text) }, now, purpose);
}
