/** What a cloud's answer to a token that is wrong on purpose proves. */
import type { ErrorCode, SojournError } from '../platform/errors/index.ts';
import type { ProbeResult, ProbeType } from './contract.ts';

/**
 * @param expected the refusals that speak of the very member that was wrong; any other, such as an outage or a
 * signature that was not read, proves nothing
 */
export const probeResultBy =
  (expected: Readonly<Record<ProbeType, readonly ErrorCode[]>>) =>
  (kind: ProbeType, error: SojournError | undefined): ProbeResult => {
    if (error === undefined) return 'admitted';
    return expected[kind].includes(error.code) ? 'refused' : 'inconclusive';
  };
