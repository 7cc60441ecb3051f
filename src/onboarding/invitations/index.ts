/**
 * Links for the people on the customer's side, who have no account here. Owns: making links that nobody can guess, what
 * is kept of them (a hash), their end, and that each reports once. Does not own: what somebody with a link may see and
 * do (customer), nor the page.
 */
import { SojournError } from '../../platform/errors/index.ts';
import { type Page, records, type Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { read } from '../../platform/validation/index.ts';
import { controlSeconds, type Invitation, invitationInput, type Outcome, type Report } from './invitation.ts';
import { invitationIdOf, newLinkSecret } from './link.ts';

export { type Invitation, invitationInput, type Outcome, type Report } from './invitation.ts';
export { invitationIdOf } from './link.ts';

/** A new invitation; the URL is told this once. */
export interface NewInvitation {
  readonly invitation: Invitation;
  readonly url: string;
}

export interface Invitations {
  /** Rejects with `invalid_request`, or with `invitation_limit` where the connection has 20. */
  create(connection: string, input: unknown): Promise<NewInvitation>;
  /** A lasting link for the same connection. */
  keep(from: Invitation): Promise<NewInvitation>;
  /** By the secret of a link; undefined unless it is one that has neither ended nor been revoked. */
  open(secret: string): Promise<Invitation | undefined>;
  find(id: string): Promise<Invitation | undefined>;
  list(connection: string, query: { after?: string; limit: number }): Promise<Page<Invitation>>;
  /** Rejects with `invitation_not_found`. */
  get(connection: string, id: string): Promise<Invitation>;
  revoke(id: string): Promise<void>;
  /**
   * Once: the first report stands, and is what this resolves to; the same again changes nothing. Rejects with
   * `setup_already_reported` for another one.
   */
  claim(id: string, fields: Report['fields']): Promise<Report>;
  settle(id: string, outcome: Omit<Outcome, 'at'>): Promise<Invitation>;
  /** The URL of the page behind a secret. */
  urlOf(secret: string): string;
}

const maxPerConnection = 20;

export function createInvitations(options: { store: Store; now: Now; issuer: string }): Invitations {
  const { store, now, issuer } = options;
  const kept = records<Invitation>(store, 'invitation', 'invitation_not_found');
  const urlOf = (secret: string) => `${issuer}/connect/${secret}`;

  async function make(
    seconds: number,
    about: Pick<Invitation, 'connection' | 'purpose' | 'kept_from' | 'permissions'>,
  ): Promise<NewInvitation> {
    const { items } = await kept.list({ within: about.connection, limit: maxPerConnection });
    if (items.length >= maxPerConnection) throw new SojournError('invitation_limit');
    const secret = newLinkSecret();
    const expiresAt = now() + seconds * 1000;
    const invitation: Invitation = {
      id: invitationIdOf(secret),
      ...about,
      created_at: toTimestamp(now()),
      expires_at: toTimestamp(expiresAt),
    };
    await kept.insert(invitation.id, invitation, { within: about.connection, expiresAt });
    return { invitation, url: urlOf(secret) };
  }

  return {
    async create(connection, input) {
      const { expires_in, permissions } = read(invitationInput, input);
      const asked = permissions.length > 0 ? { permissions } : {};
      return make(expires_in, { connection, purpose: 'connect', kept_from: null, ...asked });
    },

    keep: ({ id, connection, permissions }) =>
      make(controlSeconds, {
        ...{ connection, purpose: 'control', kept_from: id },
        ...(permissions ? { permissions } : {}),
      }),

    open: (secret) => kept.find(invitationIdOf(secret)),
    find: kept.find,
    list: (connection, query) => kept.list({ ...query, within: connection }),

    async get(connection, id) {
      const found = await kept.get(id);
      if (found.connection !== connection) throw new SojournError('invitation_not_found');
      return found;
    },

    async revoke(id) {
      await kept.remove(id);
    },

    async claim(id, fields) {
      const { report } = await kept.change(id, (invitation) => {
        const { report } = invitation;
        if (!report) return { ...invitation, report: { at: toTimestamp(now()), fields } };
        if (saysTheSame(report.fields, fields)) return invitation;
        throw new SojournError('setup_already_reported');
      });
      return report!;
    },

    settle: (id, outcome) =>
      kept.change(id, (invitation) =>
        invitation.report
          ? {
              ...invitation,
              report: { ...invitation.report, outcome: { at: toTimestamp(now()), ...outcome } },
            }
          : invitation,
      ),

    urlOf,
  };
}

/** What was taken out by the first one, shown by null, is not there to be taken out again. */
function saysTheSame(first: Report['fields'], again: Report['fields']): boolean {
  const left = Object.fromEntries(Object.entries(first).filter(([, value]) => value !== null));
  return [first, left].some((one) => JSON.stringify(one) === JSON.stringify(again));
}
