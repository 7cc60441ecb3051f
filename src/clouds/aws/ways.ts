/**
 * The regional endpoints of STS through which a role is entered. A session is good in every region, whichever endpoint
 * gave it (AWS STS: regional endpoints), so that another region of the same geography stands in for one that is down.
 */
import { SojournError } from '../../platform/errors/index.ts';
import type { Endpoints } from '../contract.ts';
import { standInFor } from './partitions.ts';
import { type AssumeRole, connect } from './sts.ts';

/** The first one is the target's own. */
export async function waysTo(
  region: string,
  { sts_endpoint, sts_region_fallback }: Endpoints['aws'],
): Promise<readonly AssumeRole[]> {
  // An endpoint without the name of a region in it is one and the same for all of them.
  const mayStandIn = sts_region_fallback && (sts_endpoint === null || sts_endpoint.includes(regionMark));
  const other = mayStandIn ? standInFor(region) : undefined;
  const regions = other === undefined ? [region] : [region, other];
  return Promise.all(regions.map((one) => connect(one, sts_endpoint?.replaceAll(regionMark, one) ?? null)));
}

const regionMark = '{region}';

/** As long as one endpoint is given while there is another one to try: a third of what the visit has. */
const tryMs = 1_600;

/**
 * Each attempt by the next of the ways. What a stand-in refuses, or does not do either, is told as what the target's own
 * region said: a customer may forbid the other region, and that says nothing of the trust.
 */
export function inTurn<T>(
  ways: readonly AssumeRole[],
  signal: AbortSignal,
  attempt: (assumeRole: AssumeRole, signal: AbortSignal) => Promise<T>,
): () => Promise<T> {
  let tries = 0;
  let own: unknown;
  return async () => {
    const at = tries++ % ways.length;
    const within = ways.length > 1 ? AbortSignal.any([signal, AbortSignal.timeout(tryMs)]) : signal;
    try {
      return await attempt(ways[at]!, within);
    } catch (error) {
      if (at === 0) own = error;
      throw own;
    }
  };
}

/** The endpoint did not answer in its time, or its region is not enabled in the customer's account. */
export const isOfRegion = (error: SojournError): boolean =>
  error instanceof SojournError && (error.code === 'cloud_timeout' || error.code === 'cloud_region_disabled');
