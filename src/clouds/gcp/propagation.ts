/** How long a binding takes to propagate in Google Cloud; provider changes take effect at once. */
import type { SojournError } from '../../platform/errors/index.ts';
import { cloudResponseOf } from '../explanation.ts';
import { isDisabledAccount, steps } from './explain.ts';

/** Measured: 70 to 90 seconds. */
const seconds = 90;

export const propagation = {
  seconds,
  mayExplain: (error: SojournError): boolean =>
    error.code === 'cloud_permission_denied' &&
    cloudResponseOf(error).step === steps.impersonation &&
    !isDisabledAccount(error),
};
