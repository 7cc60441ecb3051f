/** Where what is kept comes from: the server, by the client that every program of ours has. */
import { SojournError } from '../errors/index.ts';
import type { Sojourn } from '../sdk/index.ts';
import type { Grant, Wanted } from './held.ts';

/** One call for one grant. Credentials come as the container endpoint serves them, and are handed on byte for byte. */
export function bringFrom(sojourn: Pick<Sojourn, 'token' | 'deliver'>, signal: AbortSignal) {
  return async ({ connection, kind }: Wanted): Promise<Grant> => {
    if (kind === 'token') {
      const { token, expiresAt } = await sojourn.token(connection, { signal });
      return { text: token, expiresAt: expiresAt.valueOf() };
    }
    const text = await sojourn.deliver(connection, 'aws-container', { signal });
    return { text, expiresAt: endIn(text) };
  };
}

function endIn(text: string): number {
  try {
    const end = Date.parse(String((JSON.parse(text) as { Expiration?: unknown }).Expiration));
    if (!Number.isNaN(end)) return end;
  } catch {
    // Told below: the text itself is a secret.
  }
  throw new SojournError('internal', {
    detail: 'The server gave credentials without an end.',
    advice: 'Check that the issuer is the address of a Sojourn server.',
  });
}
