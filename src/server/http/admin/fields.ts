/** Schemas and helpers that several routes share. */
import { z } from 'zod';

/** RFC 3339 in UTC. */
export const timestamp = z.string().meta({ format: 'date-time' });

/** The answer of a deletion. */
export const noContent = z.undefined();

/** Names of the changed members, for the audit. Call it only with a body that passed its schema. */
export const changedFields = (body: unknown): string => Object.keys(body as object).join(' ');
