/** Where what is kept comes from: the server, by the client that every program of ours has. */
import type { Sojourn } from '../sdk/index.ts';
import { endIn } from './form.ts';
import type { Grant, Wanted } from './held.ts';

/** One call for one grant. Credentials come in the form of which all others can be made. */
export function bringFrom(sojourn: Pick<Sojourn, 'token' | 'deliver'>, signal: AbortSignal) {
  return async ({ connection, kind, purpose }: Wanted): Promise<Grant> => {
    if (kind === 'token') {
      const { token, expiresAt } = await sojourn.token(connection, { signal });
      return { text: token, expiresAt: expiresAt.valueOf() };
    }
    const text = await sojourn.deliver(connection, 'json', { signal, purpose });
    return { text, expiresAt: endIn(text) };
  };
}
