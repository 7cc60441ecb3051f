/**
 * A set-up report: the ids that the customer's set-up created. Each invitation reports once, and only a
 * verification confirms the report. All values are validated before anything is written, so a refused report changes nothing.
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
import { type Guide, setUpOf } from '../../clouds/index.ts';
import type { Audit, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { read } from '../../platform/validation/index.ts';
import type { Invitations, SetupReport, SetupResult } from '../invitations/index.ts';
import type { Setup } from '../setup/index.ts';
import { auditFieldsOf, type InvitationHolder } from './invitation-holder.ts';

/** The reported fields in the form of the target; null removes a field. */
export type ReportedFields = SetupReport['fields'];
type Result = Omit<SetupResult, 'finished_at'>;

export interface ReportDependencies {
  readonly connections: Connections;
  readonly invitations: Invitations;
  readonly setup: Pick<Setup, 'verify'>;
  readonly audit: Audit;
  readonly now: Now;
}

/** Limits how often the holder of a link can cause a cloud request and an audit line. */
const minRetryMs = 5_000;

/** Resolves to the result of the verification. Rejects with `setup_already_reported`, `target_locked`, `connection_…`. */
export type HandleReport = (
  holder: InvitationHolder,
  fields: ReportedFields,
  context: RequestContext,
) => Promise<Result>;

export function createReportHandler(dependencies: ReportDependencies): HandleReport {
  const { connections, invitations, setup, audit, now } = dependencies;

  /** Concurrent reports of one target share one verification. */
  async function verify(id: string, fields: ReportedFields): Promise<Result> {
    const { checks } = await setup.verify(await connections.get(id), 'customer');
    const connection = await connections.get(id);
    return {
      // A different report may have arrived during the verification: its success does not confirm this one.
      state: targetMatches(connection, fields) ? stateOf(connection) : 'failing',
      checks: checks.map(({ name, outcome, detail, advice }) => ({ name, outcome, detail, advice })),
    };
  }

  const isFresh = ({ finished_at }: SetupResult) => now() - Date.parse(finished_at) < minRetryMs;

  /**
   * Resolves to the stored report of the invitation. Refusals of valid reports are recorded in the audit, because they can mean that
   * someone else reported first.
   */
  async function acceptReport(
    holder: InvitationHolder,
    fields: ReportedFields,
    context: RequestContext,
  ): Promise<SetupReport> {
    const { connection, invitation } = holder;
    try {
      const unavailable = unavailableReason(connection);
      if (unavailable) throw new SojournError(unavailable);
      if (invitation.type === 'control' || (hasBeenActive(connection) && !invitation.report))
        throw new SojournError('target_locked');
      return await invitations.recordReport(invitation.id, fields);
    } catch (error) {
      if (!(error instanceof SojournError) || error.status >= 500) throw error;
      const { facts, ...line } = auditFieldsOf(holder, context);
      await audit.record({
        event: 'connection.setup_report_refused',
        outcome: 'refused',
        ...line,
        reason: error.code,
        facts: { ...facts, ...factsOf(fields) },
      });
      throw error;
    }
  }

  return async (holder, reported, context) => {
    const { connection, invitation } = holder;
    await connections.checkReport(connection, reported);
    const { fields, result: previous } = await acceptReport(holder, reported, context);
    if (previous && !targetMatches(connection, fields)) return { ...previous, state: 'failing' };
    if (previous && (stillActive(previous, connection) || isFresh(previous))) return previous;
    const { facts, ...line } = auditFieldsOf(holder, context);
    if (!previous && !hasBeenActive(connection)) {
      await connections.report(connection.id, fields);
      await audit.record({
        event: 'connection.setup_reported',
        outcome: 'ok',
        ...line,
        facts: { ...facts, ...factsOf(fields) },
      });
    }
    const result = await verify(connection.id, fields);
    await invitations.recordResult(invitation.id, result);
    const failed = result.checks.find(({ outcome }) => outcome === 'failed');
    await audit.record({
      event: 'connection.verified',
      outcome: 'ok',
      ...line,
      facts: { ...facts, verdict: result.state },
      ...(failed ? { reason: failed.detail } : {}),
    });
    return result;
  };
}

/** Whether the connection's target has the reported values; null means that a field is not set. */
const targetMatches = ({ target }: Connection, fields: ReportedFields): boolean =>
  Object.entries(fields).every(([name, value]) => isDeepStrictEqual(target[name] ?? null, value));

/** A connection that still works needs no new verification. */
const stillActive = ({ state }: SetupResult, connection: Connection): boolean =>
  state === 'active' && stateOf(connection) === 'active';

/**
 * Parses a report: the fields in the target schema's form and the guide's order. Throws `invalid_request` with every faulty
 * field.
 */
export function readReport(
  connection: Pick<Connection, 'cloud' | 'target' | 'purposes'>,
  input: unknown,
): ReportedFields {
  const { guide } = setUpOf(connection.cloud);
  const report = read(reportSchema(guide), input);
  const target = reportedTarget(connection, report);
  const isReported = (name: string) =>
    // A form sends every field: an empty one removes a value only if the target has one.
    report[name] === null ? connection.target[name] !== undefined : report[name] !== undefined;
  return Object.fromEntries(
    guide.reportFields.flatMap(({ name }) => (isReported(name) ? [[name, target[name] ?? null]] : [])),
  );
}

/** An optional field may be empty, as forms send it. */
const reportSchema = ({ reportFields }: Guide) =>
  z.strictObject(
    Object.fromEntries(
      reportFields.map(({ name, optional }): [string, z.ZodType<string | null | undefined>] => {
        const field = z.string('must be a string').trim();
        return [
          name,
          optional ? field.transform((text) => text || null).optional() : field.min(1, 'must not be empty'),
        ];
      }),
    ),
  );

/** Ids in the customer's cloud are not secret, and the vendor's administrator needs to see them. */
const factsOf = (fields: ReportedFields): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value === null ? null : String(value)]),
  );
