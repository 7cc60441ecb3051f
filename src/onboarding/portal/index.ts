/**
 * The customer's portal. Owns: what the holder of an invitation may see of a connection, the holder's actions (report,
 * pause, resume, create a control link), and the live status. Does not own: the links (invitations),
 * set-up files (setup), verification, or the HTML (page).
 */

import { type Connection, type Connections, hasBeenActive, stateOf } from '../../access/connections/index.ts';
import type { GuardrailResult, SetupFile } from '../../clouds/index.ts';
import type { Audit, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Invitations } from '../invitations/index.ts';
import type { Setup } from '../setup/index.ts';
import { createFeed, type Feed, type RevisionSource } from './feed.ts';
import { auditFieldsOf, type InvitationHolder } from './invitation-holder.ts';
import { canEndPause, pause, resume } from './pause.ts';
import { createReportHandler, type HandleReport } from './report.ts';
import { usageOf } from './usage.ts';
import { revisionOf, type View } from './view.ts';

export { createFeed, type Feed } from './feed.ts';
export type { InvitationHolder } from './invitation-holder.ts';
export { type ReportedFields, readReport } from './report.ts';
export type { Usage } from './usage.ts';
export type { View } from './view.ts';

export interface Portal {
  /** Finds the invitation with this secret and its connection; undefined if there is no valid one. */
  open(secret: string): Promise<InvitationHolder | undefined>;
  view(holder: InvitationHolder): Promise<View>;
  /** Rejects with `setup_file_not_found`. */
  file(holder: InvitationHolder, name: string): Promise<SetupFile>;
  /** Whether a rule of the customer's organization refuses the connection. Rejects with `invalid_request`. */
  lintGuardrail(holder: InvitationHolder, document: string): Promise<GuardrailResult>;
  report: HandleReport;
  pause(holder: InvitationHolder, context: RequestContext): Promise<Connection>;
  resume(holder: InvitationHolder, context: RequestContext): Promise<Connection>;
  /** Resolves to the URL of a control link. Rejects with `connection_incomplete` before the first success. */
  createControlLink(holder: InvitationHolder, context: RequestContext): Promise<string>;
  /** For the feed: reads the revision of the page's content. */
  revisionSource(holder: InvitationHolder): RevisionSource;
  readonly feed: Pick<Feed, 'listen'>;
  close(): Promise<void>;
}

export function createPortal(options: {
  connections: Connections;
  invitations: Invitations;
  setup: Setup;
  audit: Audit;
  logger: Logger;
  now: Now;
}): Portal {
  const { connections, invitations, setup, audit, logger, now } = options;
  const feed = createFeed(logger);
  const filesFor = ({ url, invitation, connection }: InvitationHolder) => ({
    request: {
      ...(invitation.type === 'connect' ? { callback: `${url}/report` } : {}),
      permissions: Object.keys(setup.permissionsOf(connection, invitation.permissions ?? [])),
    },
    // Used for files that have no other public URL.
    readAt: (name: string) => `${url}/files/${name}`,
  });
  /** Undefined if the target has changed since the latest verification. */
  const latestVerification = async ({
    id,
    verdict,
    updated_at,
  }: Connection): Promise<View['verification']> => {
    try {
      const { verification } = await setup.latestVerification(id);
      return verdict === 'pending' && verification.finished_at < updated_at ? undefined : verification;
    } catch (error) {
      if (error instanceof SojournError && error.code === 'verification_not_found') return undefined;
      throw error;
    }
  };

  return {
    async open(secret) {
      const invitation = await invitations.open(secret);
      const connection = invitation && (await connections.find(invitation.connection));
      return connection && { invitation, connection, url: invitations.urlOf(secret) };
    },

    async view(holder) {
      const { invitation, connection, url } = holder;
      const { request, readAt } = filesFor(holder);
      const [facts, files, verification, usage, canResume] = await Promise.all([
        setup.facts(connection),
        setup.files(connection, request, readAt),
        latestVerification(connection),
        usageOf(audit, connection.id, now()),
        connection.paused_by === undefined || canEndPause(invitation, connection.paused_by, invitations),
      ]);
      return {
        url,
        cloud: connection.cloud,
        target: connection.target,
        state: stateOf(connection),
        wasActive: hasBeenActive(connection),
        paused_at: connection.paused_at,
        canResume,
        verified_at: connection.verified_at,
        facts,
        files,
        permissions: setup.permissionsOf(connection, invitation.permissions ?? []),
        verification,
        invitation,
        usage,
        revision: revisionOf(connection, invitation),
      };
    },

    file(holder, name) {
      const { request, readAt } = filesFor(holder);
      return setup.file(holder.connection, name, request, readAt);
    },
    lintGuardrail: ({ connection }, document) => setup.lintGuardrail(connection, document),
    report: createReportHandler({ connections, invitations, setup, audit, now }),
    pause: (holder, context) => pause({ connections, invitations, audit }, holder, context),
    resume: (holder, context) => resume({ connections, invitations, audit }, holder, context),

    async createControlLink(holder, context) {
      if (!hasBeenActive(holder.connection)) throw new SojournError('connection_incomplete');
      const { invitation, url } = await invitations.createControlLink(holder.invitation);
      const { facts, ...line } = auditFieldsOf(holder, context);
      await audit.record({
        event: 'control_link.created',
        outcome: 'ok',
        ...line,
        facts: { ...facts, control_link: invitation.id, expires_at: invitation.expires_at },
      });
      return url;
    },

    revisionSource: (holder) => async () => {
      const invitation = await invitations.find(holder.invitation.id);
      const connection = invitation && (await connections.find(invitation.connection));
      return connection && revisionOf(connection, invitation);
    },
    feed,
    close: () => feed.close(),
  };
}
