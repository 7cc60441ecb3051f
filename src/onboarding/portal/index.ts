/**
 * The customer's side, as far as an invitation goes. Owns: what the holder of a link may see of a connection and do with
 * it: report, pause, resume, keep a link; and the live status. Does not own: the links (invitations), the files and the
 * proof that access works (onboarding), or how any of it looks (page).
 */

import { type Connection, type Connections, hasBeenActive, stateOf } from '../../access/connections/index.ts';
import type { SetupFile } from '../../clouds/index.ts';
import type { Audit, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Invitations } from '../invitations/index.ts';
import type { Onboarding } from '../setup/index.ts';
import { createFeed, type Feed, type Look } from './feed.ts';
import { type Guest, lineOf } from './guest.ts';
import { createReports, type TakeReport } from './report.ts';
import { liftsPause, pause, resume } from './switch.ts';
import { usesOf } from './uses.ts';
import { revisionOf, type View } from './view.ts';

export { createFeed, type Feed } from './feed.ts';
export type { Guest } from './guest.ts';
export type { Uses } from './uses.ts';
export type { View } from './view.ts';

export interface Customer {
  /** Who comes with this secret; undefined for whatever is no living invitation of a connection. */
  open(secret: string): Promise<Guest | undefined>;
  view(guest: Guest): Promise<View>;
  /** Rejects with `setup_file_not_found`. */
  file(guest: Guest, name: string): Promise<SetupFile>;
  report: TakeReport;
  pause(guest: Guest, context: RequestContext): Promise<Connection>;
  resume(guest: Guest, context: RequestContext): Promise<Connection>;
  /** The URL of a lasting link. Rejects with `connection_incomplete` before the first success. */
  keep(guest: Guest, context: RequestContext): Promise<string>;
  /** For the feed: the revision of what the page shows. */
  look(guest: Guest): Look;
  readonly feed: Pick<Feed, 'listen'>;
  close(): Promise<void>;
}

export function createCustomer(options: {
  connections: Connections;
  invitations: Invitations;
  onboarding: Onboarding;
  audit: Audit;
  logger: Logger;
  now: Now;
}): Customer {
  const { connections, invitations, onboarding, audit, logger, now } = options;
  const feed = createFeed(logger);
  const filesFor = ({ url, invitation, connection }: Guest) => ({
    request: {
      ...(invitation.purpose === 'connect' ? { callback: `${url}/report` } : {}),
      permissions: Object.keys(onboarding.grants(connection, invitation.permissions ?? [])),
    },
    // Where a file has no other public address.
    readAt: (name: string) => `${url}/files/${name}`,
  });
  /** Of an access that has led elsewhere since, nothing. */
  const triedLast = async ({ id, verdict, updated_at }: Connection): Promise<View['tried']> => {
    try {
      const { report } = await onboarding.report(id);
      return verdict === 'pending' && report.finished_at < updated_at ? undefined : report;
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

    async view(guest) {
      const { invitation, connection, url } = guest;
      const { request, readAt } = filesFor(guest);
      const [facts, artefacts, tried, uses, mayResume] = await Promise.all([
        onboarding.facts(connection),
        onboarding.artefacts(connection, request, readAt),
        triedLast(connection),
        usesOf(audit, connection.id, now()),
        connection.paused_by === undefined || liftsPause(invitation, connection.paused_by, invitations),
      ]);
      return {
        url,
        cloud: connection.cloud,
        target: connection.target,
        state: stateOf(connection),
        settled: hasBeenActive(connection),
        paused_at: connection.paused_at,
        mayResume,
        verified_at: connection.verified_at,
        facts,
        artefacts,
        permissions: onboarding.grants(connection, invitation.permissions ?? []),
        tried,
        invitation,
        uses,
        revision: revisionOf(connection, invitation),
      };
    },

    file(guest, name) {
      const { request, readAt } = filesFor(guest);
      return onboarding.artefact(guest.connection, name, request, readAt);
    },
    report: createReports({ connections, invitations, onboarding, audit, now }),
    pause: (guest, context) => pause({ connections, invitations, audit }, guest, context),
    resume: (guest, context) => resume({ connections, invitations, audit }, guest, context),

    async keep(guest, context) {
      if (!hasBeenActive(guest.connection)) throw new SojournError('connection_incomplete');
      const { invitation, url } = await invitations.keep(guest.invitation);
      const { facts, ...line } = lineOf(guest, context);
      await audit.record({
        event: 'control_link.created',
        outcome: 'ok',
        ...line,
        facts: { ...facts, kept: invitation.id, expires_at: invitation.expires_at },
      });
      return url;
    },

    look: (guest) => async () => {
      const invitation = await invitations.find(guest.invitation.id);
      const connection = invitation && (await connections.find(invitation.connection));
      return connection && revisionOf(connection, invitation);
    },
    feed,
    close: () => feed.close(),
  };
}
