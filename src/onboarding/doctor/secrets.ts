/** Whether anything is left that two sides have to know: proven by the whole list of clients, or not at all. */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';

/** Ways in that are shared with nobody: a key of the client's own, or a token of its own platform. */
const keyed = ['private_key_jwt', 'federated', 'tls', 'tls_client_auth', 'self_signed_tls_client_auth'];

const moment = z.iso.datetime();

/** What must stand in a page of clients. Anything else is no proof of anything, an absent `next` included. */
const pageForm = z.object({
  items: z.array(
    z.object({
      client_id: z.string().min(1),
      name: z.string(),
      auth: z.object({ method: z.enum(['client_secret', ...keyed]) }),
      disabled: z.boolean(),
      secrets: z.array(
        z.object({
          id: z.string(),
          created_at: moment,
          expires_at: moment.nullable(),
          last_used_at: moment.nullable(),
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
  /** That of a disabled client opens again when the client is enabled. */
  readonly disabled: boolean;
  readonly age_days: number;
  /** To a few minutes; null when it never was. */
  readonly last_used_at: string | null;
  /** Null for never. */
  readonly expires_at: string | null;
  /** What to use in its place. */
  readonly instead: string;
}

export interface SecretsFound {
  readonly clients: number;
  readonly shared_secrets: readonly SharedSecret[];
  /** What is shared and not counted. */
  readonly notes: readonly string[];
}

const dayMs = 86_400_000;

const keyless =
  'Make another client for the same service, with the token of its own platform (--federated) or a key of its own (--auth private_key_jwt), then delete this one.';

const notes = [
  'The admin token is shared as well, and not counted: it opens the admin API and no cloud. Its age is not known here; give the server another SOJOURN_ADMIN_TOKEN when somebody leaves who knew it.',
];

/**
 * Every secret that is good for something, of every client. `page` fetches the clients behind an id; `serverDate` is the
 * Date header of the server (RFC 9110 section 6.6.1), by whose clock secrets end. Rejects, whatever it has found by then,
 * when the list cannot be read to its end.
 */
export async function findSharedSecrets(
  page: (after: string | undefined) => Promise<unknown>,
  serverDate: string | undefined,
): Promise<SecretsFound> {
  const now = Date.parse(serverDate ?? '');
  if (Number.isNaN(now)) throw noProof('The server does not tell the hour, by which secrets end.');
  const shared_secrets: SharedSecret[] = [];
  let clients = 0;
  for (let after: string | undefined; ; ) {
    const parsed = pageForm.safeParse(await page(after));
    if (!parsed.success) throw noProof('The server answers with a list of clients that is not understood.');
    const { items, next } = parsed.data;
    clients += items.length;
    for (const { client_id, name, disabled, secrets } of items)
      for (const { id: secret, created_at, expires_at, last_used_at } of secrets) {
        if (expires_at !== null && Date.parse(expires_at) <= now) continue;
        // The server tells its hour in whole seconds: at the end of this one the secret is as old as it can be now.
        const age_days = Math.floor((now + 999 - Date.parse(created_at)) / dayMs);
        shared_secrets.push({
          client_id,
          name,
          secret,
          disabled,
          age_days,
          last_used_at,
          expires_at,
          instead:
            last_used_at === null
              ? `Nobody has used it: delete it with \`sojourn client secrets delete ${client_id} ${secret}\`.`
              : keyless,
        });
      }
    if (next === null) return { clients, shared_secrets, notes };
    if (after !== undefined && next <= after) throw noProof('The list of clients comes to no end.');
    after = next;
  }
}

const noProof = (detail: string) =>
  new SojournError('internal', {
    detail,
    advice:
      'Nothing is proven. Ask with the `sojourn` of the same version as the server, at its admin listener.',
  });
