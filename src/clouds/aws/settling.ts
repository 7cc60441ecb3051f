/** How long IAM takes to be heard of by STS. */
import type { SojournError } from '../../platform/errors/index.ts';

/** A new provider and role were refused for 4 to 11 seconds, recorded against the real STS. */
const seconds = 15;

export const propagation = {
  seconds,
  may: ({ code }: SojournError): boolean => ['cloud_trust_refused', 'cloud_issuer_unknown'].includes(code),
};
