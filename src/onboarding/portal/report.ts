/**
 * A report: what the customer's set-up has made, said once by each invitation, and believed only after a real exchange.
 * Its values are checked before anything is written, so that what is refused leaves nothing behind.
 */

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import {
  type Connection,
  type Connections,
  hasBeenActive,
  reportedTarget,
  stateOf,
  unavailableReason,
} from '../../access/connections/index.ts';
import { type Cloud, clouds } from '../../clouds/index.ts';
import type { Audit, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { read } from '../../platform/validation/index.ts';
import type { Invitations, Outcome, Report } from '../invitations/index.ts';
import type { Onboarding } from '../setup/index.ts';
import { type Guest, lineOf } from './guest.ts';

type Fields = Readonly<Record<string, unknown>>;
type Found = Omit<Outcome, 'at'>;

export interface ReportRooms {
  readonly connections: Connections;
  readonly invitations: Invitations;
  readonly onboarding: Pick<Onboarding, 'verify'>;
  readonly audit: Audit;
  readonly now: Now;
}

/** Whoever has a link can have the cloud asked, and lines written, no more often than this. */
const betweenTriesMs = 5_000;

/** Resolves to what the exchange found. Rejects with `invalid_request`, `setup_already_reported`, `connection_…`. */
export type TakeReport = (guest: Guest, input: unknown, context: RequestContext) => Promise<Found>;

export function createReports(rooms: ReportRooms): TakeReport {
  const { connections, invitations, onboarding, audit, now } = rooms;

  /** Whoever asks while the same target is being tried is told what that finds. */
  async function verify(id: string, fields: Fields): Promise<Found> {
    const { checks } = await onboarding.verify(await connections.get(id), 'customer');
    const connection = await connections.get(id);
    return {
      // Another report may have come meanwhile: its success is not this one's.
      state: isOf(connection, fields) ? stateOf(connection) : 'failing',
      checks: checks.map(({ name, outcome, detail, advice }) => ({ name, outcome, detail, advice })),
    };
  }

  const isFresh = ({ at }: Outcome) => now() - Date.parse(at) < betweenTriesMs;

  /** Resolves to the report that the invitation stands for now; a refusal is in the audit, since somebody else may have come first. */
  async function claim(guest: Guest, fields: Fields, context: RequestContext): Promise<Report> {
    try {
      const closed = unavailableReason(guest.connection);
      if (closed) throw new SojournError(closed);
      if (
        guest.invitation.purpose === 'control' ||
        (hasBeenActive(guest.connection) && !guest.invitation.report)
      )
        throw new SojournError('target_locked');
      return await invitations.claim(guest.invitation.id, fields);
    } catch (error) {
      if (!(error instanceof SojournError) || error.status >= 500) throw error;
      const { facts, ...line } = lineOf(guest, context);
      await audit.record({
        event: 'connection.setup_report_refused',
        outcome: 'refused',
        ...line,
        reason: error.code,
        facts: { ...facts, ...told(fields) },
      });
      throw error;
    }
  }

  return async (guest, input, context) => {
    const { id } = guest.connection;
    const { fields, outcome: tried } = await claim(guest, readFields(guest.connection, input), context);
    if (tried && !isOf(guest.connection, fields)) return { ...tried, state: 'failing' };
    if (tried && (stillHolds(tried, guest.connection) || isFresh(tried))) return tried;
    const { facts, ...line } = lineOf(guest, context);
    if (!tried && !hasBeenActive(guest.connection)) {
      await connections.report(id, fields);
      await audit.record({
        event: 'connection.setup_reported',
        outcome: 'ok',
        ...line,
        facts: { ...facts, ...told(fields) },
      });
    }
    const found = await verify(id, fields);
    await invitations.settle(guest.invitation.id, found);
    const failed = found.checks.find(({ outcome }) => outcome === 'failed');
    await audit.record({
      event: 'connection.verified',
      outcome: 'ok',
      ...line,
      facts: { ...facts, verdict: found.state },
      ...(failed ? { reason: failed.detail } : {}),
    });
    return found;
  };
}

/** Whether what was reported is what the connection leads to now; null is what is not there. */
const isOf = ({ target }: Connection, fields: Fields): boolean =>
  Object.entries(fields).every(([name, value]) => isDeepStrictEqual(target[name] ?? null, value));

/** Nothing new is to be found out about an access that works. */
const stillHolds = ({ state }: Outcome, connection: Connection): boolean =>
  state === 'active' && stateOf(connection) === 'active';

/**
 * The fields as the target's schema writes them, in the order of the guide; null where one is to be taken out. Throws
 * naming each that is faulty.
 */
export function readFields(
  connection: Pick<Connection, 'cloud' | 'target' | 'purposes'>,
  input: unknown,
): Fields {
  const { guide } = clouds[connection.cloud];
  const given = read(fieldsOf(guide), input);
  const target = reportedTarget(connection, given);
  const isSaid = (name: string) =>
    // A form sends all of its fields; what is not there cannot be taken out.
    given[name] === null ? connection.target[name] !== undefined : given[name] !== undefined;
  return Object.fromEntries(
    guide.reportFields.flatMap(({ name }) => (isSaid(name) ? [[name, target[name] ?? null]] : [])),
  );
}

/** An optional field may be sent empty, as a form does. */
const fieldsOf = ({ reportFields: reports }: Cloud['guide']) =>
  z.strictObject(
    Object.fromEntries(
      reports.map(({ name, optional }) => {
        const field = z.string('must be a string').trim();
        return [
          name,
          optional ? field.transform((text) => text || null).optional() : field.min(1, 'must not be empty'),
        ];
      }),
    ) as Record<string, z.ZodType<string | null | undefined>>,
  );

/** Names of things in the customer's cloud are no secrets, and the administrator has to see them. */
const told = (fields: Fields): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value === null ? null : String(value)]),
  );
