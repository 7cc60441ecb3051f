/** Schemas and helpers that several routes share. */
import { z } from 'zod';

/** The answer of a deletion. */
export const noContent = z.undefined();

/** Names of the changed members, for the audit. */
export const changedFields = (change: object): string => Object.keys(change).join(' ');
