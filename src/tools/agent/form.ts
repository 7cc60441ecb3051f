/** The forms in which held credentials are handed over: those of the server, made here from what it gave. */
import type { Connection } from '../../access/connections/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { type FormattedCredentials, formatCredentials, requireFormat } from '../../tokens/formats/index.ts';

type Held = Parameters<typeof formatCredentials>[2]['credentials'];

/** What the server gives as `format=json`; of the rest it has made sure itself. */
interface Given {
  readonly connection: string;
  readonly cloud: Connection['cloud'];
  readonly purpose?: string;
  readonly expires_at: string;
  readonly credentials: Held;
}

/** When these credentials end, in milliseconds since the epoch. Throws where the text is none of them. */
export function endIn(text: string): number {
  try {
    const end = Date.parse((JSON.parse(text) as Given).expires_at);
    if (!Number.isNaN(end)) return end;
  } catch {
    // Told below: the text itself is a secret.
  }
  throw new SojournError('internal', {
    detail: 'The server gave credentials without an end.',
    advice: 'Check that the issuer is the address of a Sojourn server.',
  });
}

/** Throws `invalid_request` when the format is unknown or belongs to another cloud. */
export function inForm(format: string, text: string, now: Now): FormattedCredentials {
  const { connection: id, cloud, purpose = null, credentials } = JSON.parse(text) as Given;
  const fitting = requireFormat(format, { cloud });
  return formatCredentials(fitting, { id, cloud }, { credentials, expiresAt: endIn(text) }, now, purpose);
}
