/** Schemas and helpers that several routes share. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { AdminAuditEvent } from './route.ts';

/** The answer of a deletion. */
export const noContent = z.undefined();

/** Names of the changed members, for the audit. */
export const changedFields = (change: object): string => Object.keys(change).join(' ');

/** The event of a change; undefined if it left the record as it was. */
export const eventIfChanged = (
  before: object,
  after: object,
  auditEvent: AdminAuditEvent,
): AdminAuditEvent | undefined => (isDeepStrictEqual(before, after) ? undefined : auditEvent);
