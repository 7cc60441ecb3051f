/** Finds every secret that a client shares with the server. Reads the complete list of clients or fails. */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';

/** Authentication methods without a shared secret: a private key, or a token of the client's platform. */
const secretlessMethods = [
  'private_key_jwt',
  'federated',
  'tls',
  'tls_client_auth',
  'self_signed_tls_client_auth',
];

const timestamp = z.iso.datetime();

/** Required form of a page of clients. Every other answer is an error, including one without `next`. */
const clientPage = z.object({
  items: z.array(
    z.object({
      client_id: z.string().min(1),
      name: z.string(),
      auth: z.object({ method: z.enum(['client_secret', ...secretlessMethods]) }),
      disabled: z.boolean(),
      secrets: z.array(
        z.object({
          id: z.string(),
          created_at: timestamp,
          expires_at: timestamp.nullable(),
          last_used_at: timestamp.nullable(),
        }),
      ),
    }),
  ),
  next: z.string().min(1).nullable(),
});

export interface SharedSecret {
  readonly client_id: string;
  readonly name: string;
  readonly secret: string;
  /** Whether the client is disabled. Its secrets work again when it is enabled. */
  readonly disabled: boolean;
  readonly age_days: number;
  /** Accurate to a few minutes; null if never used. */
  readonly last_used_at: string | null;
  /** Null if it does not expire. */
  readonly expires_at: string | null;
  /** How to replace or remove it. */
  readonly advice: string;
}

export interface SharedSecrets {
  readonly clients: number;
  readonly shared_secrets: readonly SharedSecret[];
  /** Shared secrets that are not in the list. */
  readonly notes: readonly string[];
}

const dayMs = 86_400_000;

const keylessAdvice =
  'Create another client for the same service that uses a token of its platform (--federated) or a private key (--auth private_key_jwt). Then delete this client.';

const notes = [
  'The admin token is a shared secret too, but is not counted: it gives access to the admin API, not to a cloud. Its age is unknown. Replace SOJOURN_ADMIN_TOKEN when someone who knows it leaves.',
];

/**
 * Lists every secret of every client that has not expired. `pages` are those of the list of clients; `serverDate` is the
 * server's Date header (RFC 9110 section 6.6.1), whose clock decides what has expired. Rejects if the list cannot be read
 * completely.
 */
export async function findSharedSecrets(
  pages: AsyncIterable<unknown>,
  serverDate: string | undefined,
): Promise<SharedSecrets> {
  const now = Date.parse(serverDate ?? '');
  if (Number.isNaN(now))
    throw noResult('The server sends no Date header, so expired secrets cannot be recognized.');
  const shared_secrets: SharedSecret[] = [];
  let clients = 0;
  /** Undefined before the first page, null after the last one. */
  let after: string | null | undefined;
  for await (const page of pages) {
    const parsed = clientPage.safeParse(page);
    if (!parsed.success) throw noResult('The server sends a list of clients in an unknown format.');
    const { items, next } = parsed.data;
    clients += items.length;
    for (const { client_id, name, disabled, secrets } of items)
      for (const { id: secret, created_at, expires_at, last_used_at } of secrets) {
        if (expires_at !== null && Date.parse(expires_at) <= now) continue;
        // The Date header has whole seconds; 999 ms gives the highest possible age.
        const age_days = Math.floor((now + 999 - Date.parse(created_at)) / dayMs);
        shared_secrets.push({
          client_id,
          name,
          secret,
          disabled,
          age_days,
          last_used_at,
          expires_at,
          advice:
            last_used_at === null
              ? `It was never used: delete it with \`sojourn client secrets delete ${client_id} ${secret}\`.`
              : keylessAdvice,
        });
      }
    if (typeof after === 'string' && next !== null && next <= after)
      throw noResult('The list of clients does not end: the server repeats a page.');
    after = next;
  }
  if (after !== null) throw noResult('The list of clients ends before its last page.');
  return { clients, shared_secrets, notes };
}

const noResult = (detail: string) =>
  new SojournError('internal', {
    detail,
    advice:
      'There is no result. Use the `sojourn` command of the same version as the server, and the URL of its admin listener.',
  });
