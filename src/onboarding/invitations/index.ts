/**
 * Invitations: links for a customer's administrators, who have no account here. Owns: links with unguessable secrets,
 * their stored form (a hash), their expiry, and the single set-up report of each. Does not own: what the holder of a
 * link may see and do (portal) or the page.
 */
import { SojournError } from '../../platform/errors/index.ts';
import { type Page, records, type Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import {
  controlLinkSeconds,
  type Invitation,
  type InvitationInput,
  type SetupReport,
  type SetupResult,
} from './invitation.ts';
import { invitationIdOf, newLinkSecret } from './link.ts';

export {
  type Invitation,
  invitationInput,
  invitationRecord,
  type SetupReport,
  type SetupResult,
} from './invitation.ts';
export { invitationIdOf } from './link.ts';

/** A new invitation. Only this answer contains its URL. */
export interface NewInvitation {
  readonly invitation: Invitation;
  readonly url: string;
}

export interface Invitations {
  /** Rejects with `invitation_limit` if the connection has 20. */
  create(connection: string, input: InvitationInput): Promise<NewInvitation>;
  /** A control link for the same connection: valid for a year. */
  createControlLink(from: Invitation): Promise<NewInvitation>;
  /** Finds the invitation with this secret; undefined if it is unknown, expired or revoked. */
  open(secret: string): Promise<Invitation | undefined>;
  find(id: string): Promise<Invitation | undefined>;
  list(connection: string, query: { after?: string; limit: number }): Promise<Page<Invitation>>;
  /** Rejects with `invitation_not_found`. */
  get(connection: string, id: string): Promise<Invitation>;
  revoke(id: string): Promise<void>;
  /**
   * Stores the first report of the invitation and resolves to it. Repeating the same report changes nothing. Rejects
   * with `setup_already_reported` for a different one.
   */
  recordReport(id: string, fields: SetupReport['fields']): Promise<SetupReport>;
  recordResult(id: string, result: Omit<SetupResult, 'finished_at'>): Promise<Invitation>;
  /** The URL of the page behind a secret. */
  urlOf(secret: string): string;
}

const maxPerConnection = 20;

export function createInvitations(options: { store: Store; now: Now; issuer: string }): Invitations {
  const { store, now, issuer } = options;
  const invitations = records<Invitation>(store, 'invitation', 'invitation_not_found');
  const urlOf = (secret: string) => `${issuer}/connect/${secret}`;

  async function insert(
    seconds: number,
    fields: Pick<Invitation, 'connection' | 'type' | 'created_from' | 'permissions'>,
  ): Promise<NewInvitation> {
    const { items } = await invitations.list({ within: fields.connection, limit: maxPerConnection });
    if (items.length >= maxPerConnection) throw new SojournError('invitation_limit');
    const secret = newLinkSecret();
    const expiresAt = now() + seconds * 1000;
    const invitation: Invitation = {
      id: invitationIdOf(secret),
      ...fields,
      created_at: toTimestamp(now()),
      expires_at: toTimestamp(expiresAt),
    };
    await invitations.insert(invitation.id, invitation, { within: fields.connection, expiresAt });
    return { invitation, url: urlOf(secret) };
  }

  return {
    create: (connection, { expires_in, permissions }) =>
      insert(expires_in, {
        ...{ connection, type: 'connect', created_from: null },
        ...(permissions.length > 0 ? { permissions } : {}),
      }),

    createControlLink: ({ id, connection, permissions }) =>
      insert(controlLinkSeconds, {
        ...{ connection, type: 'control', created_from: id },
        ...(permissions ? { permissions } : {}),
      }),

    open: (secret) => invitations.find(invitationIdOf(secret)),
    find: invitations.find,
    list: (connection, query) => invitations.list({ ...query, within: connection }),

    async get(connection, id) {
      const invitation = await invitations.get(id);
      if (invitation.connection !== connection) throw new SojournError('invitation_not_found');
      return invitation;
    },

    async revoke(id) {
      await invitations.remove(id);
    },

    async recordReport(id, fields) {
      const { report } = await invitations.change(id, (invitation) => {
        const { report } = invitation;
        if (!report) return { ...invitation, report: { reported_at: toTimestamp(now()), fields } };
        if (isSameReport(report.fields, fields)) return invitation;
        throw new SojournError('setup_already_reported');
      });
      return report!;
    },

    recordResult: (id, result) =>
      invitations.change(id, (invitation) =>
        invitation.report
          ? {
              ...invitation,
              report: { ...invitation.report, result: { finished_at: toTimestamp(now()), ...result } },
            }
          : invitation,
      ),

    urlOf,
  };
}

/** A repeated report may omit the fields that the first one removed (null): they are no longer set. */
function isSameReport(first: SetupReport['fields'], repeated: SetupReport['fields']): boolean {
  const withoutRemoved = Object.fromEntries(Object.entries(first).filter(([, value]) => value !== null));
  return [first, withoutRemoved].some((fields) => JSON.stringify(fields) === JSON.stringify(repeated));
}
