/** An `invalid_client` error. Its reason goes to the audit log only; every unauthenticated caller sees the same error. */
import { SojournError } from '../../platform/errors/index.ts';

export const refused = (reason: string): SojournError =>
  new SojournError('invalid_client', { cause: new Error(reason) });
