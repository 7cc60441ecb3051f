/** A refusal whose reason goes to the audit alone; the caller reads what every stranger reads. */
import { SojournError } from '../../platform/errors/index.ts';

export const refused = (reason: string): SojournError =>
  new SojournError('invalid_client', { cause: new Error(reason) });
