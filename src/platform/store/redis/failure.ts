/** What Redis and ioredis say, in the words of the store. */
import { SojournError } from '../../errors/index.ts';

/**
 * The reason without the command: ioredis hangs the arguments on its errors (for AUTH the password, for a script the
 * document), and the server repeats them when it does not know a command. Both would end up in the log.
 */
export function reasonOf(error: unknown): string {
  const { message, errors } = error as { message?: string; errors?: unknown[] };
  // A refused connection to a name with several addresses is an error of errors without a message of its own.
  const told = message || (errors ? errors.map(reasonOf).join('; ') : String(error));
  return told.replace(/,? with args beginning with:.*/s, '');
}

export async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TypeError || error instanceof SojournError) throw error;
    throw new SojournError('store_unavailable', { cause: new Error(reasonOf(error)), retryAfter: 5 });
  }
}
