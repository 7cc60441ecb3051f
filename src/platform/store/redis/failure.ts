/** Maps errors of Redis and ioredis to store errors. */
import { attemptsWith } from '../attempt.ts';

/**
 * The error's message without the command's arguments. ioredis adds them to its errors (the password for AUTH, the
 * document for a script), and the server repeats those of an unknown command; both would reach the log.
 */
export function reasonOf(error: unknown): string {
  const { message, errors } = error as { message?: string; errors?: unknown[] };
  // A connection that is refused at several addresses gives an AggregateError without a message.
  const reason = message || (errors ? errors.map(reasonOf).join('; ') : String(error));
  return reason.replace(/,? with args beginning with:.*/s, '');
}

export const attempt = attemptsWith(reasonOf);
