/** Interprets a cloud's response to a probe, a token that is wrong on purpose. */
import type { ErrorCode, SojournError } from '../platform/errors/index.ts';
import type { ProbeResult, ProbeType } from './contract/index.ts';

/**
 * @param expected the error codes that refer to the wrong claim; any other error, such as an outage or an unverified
 * signature, is inconclusive
 */
export const probeInterpreter =
  (expected: Readonly<Record<ProbeType, readonly ErrorCode[]>>) =>
  (type: ProbeType, error: SojournError | undefined): ProbeResult => {
    // The cloud issued credentials, although of another identity.
    if (error === undefined || error.code === 'cloud_identity_mismatch') return 'admitted';
    return expected[type].includes(error.code) ? 'refused' : 'inconclusive';
  };
