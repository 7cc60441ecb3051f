/** How long Google takes to know a binding everywhere; changes of a provider act at once. */
import type { SojournError } from '../../platform/errors/index.ts';
import { cloudResponseOf } from '../explanation.ts';
import { steps } from './explain.ts';

/** 70 to 90 seconds were measured. */
const seconds = 90;

export const propagation = {
  seconds,
  may: (error: SojournError): boolean =>
    error.code === 'cloud_permission_denied' && cloudResponseOf(error).step === steps.impersonation,
};
