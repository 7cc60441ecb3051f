/** Forms that many answers have. */
import { z } from 'zod';

/** RFC 3339 in UTC. */
export const timestamp = z.string().meta({ format: 'date-time' });

/** The answer of a deletion: none. */
export const noContent = z.undefined();

/** Which members a change had, for the audit; the body has passed its schema by then. */
export const changedFields = (body: unknown): string => Object.keys(body as object).join(' ');
