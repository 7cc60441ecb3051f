/** Services with a preset: the variables and files that the server makes, and a token for each caller. */
import { variablesFile } from '../../clouds/programs/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { parseServiceSettings } from '../loopback/index.ts';
import type { Sojourn } from '../sdk/index.ts';
import type { CacheValue } from './cache-entry.ts';
import { failureOf } from './failure.ts';

/** A service that accepts a token once refuses a file's token to its second reader. */
const singleUseMs = 60_000;

/** With a fresh cloud token, if a file or variable has one. */
export async function fetchDelivery(
  sojourn: Pick<Sojourn, 'token' | 'formattedCredentials'>,
  connection: string,
  signal: AbortSignal,
): Promise<CacheValue> {
  const text = await sojourn.formattedCredentials(connection, 'delivery', { signal });
  const { expires_at, single_use } = parseServiceSettings(text);
  const expiresAt = Date.parse(expires_at);
  if (!text.includes('{{cloud_token}}')) return { text, expiresAt };
  const { token, expiresAt: tokenExpiresAt } = await sojourn.token(connection, { signal });
  return {
    // A JWT has no character that JSON escapes.
    text: text.replaceAll('{{cloud_token}}', token),
    expiresAt: Math.min(expiresAt, tokenExpiresAt.valueOf()),
    ...(single_use ? { renewAfterMs: singleUseMs } : {}),
  };
}

/** The files of the folder; `env` sets the variables in a shell, and removes those that select another identity. */
export function filesOfDelivery(
  delivery: string,
  folder: string,
): readonly { readonly name: string; readonly text: string }[] {
  const { variables, files, remove } = parseServiceSettings(delivery);
  const here = (text: string) => text.replaceAll('{{folder}}', folder);
  const lines = [
    ...remove.map(
      (name) =>
        `[ -z "\${${name}+x}" ] || { unset ${name}; echo 'sojourn agent removed ${name}: it selects another identity.' >&2; }`,
    ),
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(here(value))}`),
  ];
  return [
    ...files.map(({ name, content }) => ({ name, text: here(content) })),
    { name: variablesFile, text: lines.map((line) => `${line}\n`).join('') },
  ];
}

const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** One after the other: the SDK shares a request among concurrent callers, and a token must have one reader. */
export function createFreshTokens(
  token: (connection: string) => ReturnType<Sojourn['token']>,
): (connection: string) => Promise<CacheValue> {
  const running = new Map<string, Promise<unknown>>();
  return async (connection) => {
    const previous = running.get(connection) ?? Promise.resolve();
    const next = previous.then(() => token(connection));
    const done = next.catch(() => undefined);
    running.set(connection, done);
    try {
      const { token: text, expiresAt } = await next;
      return { text, expiresAt: expiresAt.valueOf() };
    } catch (error) {
      const { detail, advice } = failureOf(error);
      throw new SojournError('agent_not_ready', { detail, advice });
    } finally {
      if (running.get(connection) === done) running.delete(connection);
    }
  };
}
