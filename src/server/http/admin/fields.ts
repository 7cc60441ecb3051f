/** Schemas and helpers that several routes share. */
import { z } from 'zod';

/** RFC 3339 in UTC. */
export const timestamp = z.string().meta({ format: 'date-time' });

/** The answer of a deletion. */
export const noContent = z.undefined();

/** Names of the changed members, for the audit. */
export const changedFields = (change: object): string => Object.keys(change).join(' ');
