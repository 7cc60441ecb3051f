/** How long a change in IAM takes to reach STS. */
import type { SojournError } from '../../platform/errors/index.ts';
import { isExplicitDeny } from './policy-refusals.ts';

/** Measured with the real STS: a new provider and role were refused for 4 to 11 seconds. */
const seconds = 15;

export const propagation = {
  seconds,
  mayExplain: (error: SojournError): boolean =>
    ['cloud_trust_refused', 'cloud_issuer_unknown'].includes(error.code) && !isExplicitDeny(error),
};
