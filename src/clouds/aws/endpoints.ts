/**
 * The regional endpoints of STS. A session is valid in every region, whichever endpoint issued it (AWS STS: regional
 * endpoints), so another region of the same geography can replace one that is down.
 */
import { SojournError } from '../../platform/errors/index.ts';
import { fallbackRegionOf } from './partitions.ts';
import type { AwsSettings } from './settings.ts';
import { type AssumeRole, connect } from './sts.ts';

/** The clients to try; the first is for the target's own region. */
export async function connectEndpoints(
  region: string,
  settings: AwsSettings,
): Promise<readonly AssumeRole[]> {
  const { sts_endpoint, sts_region_fallback } = settings;
  // An endpoint without the placeholder is the same for all regions.
  const allowsFallback =
    sts_region_fallback && (sts_endpoint === null || sts_endpoint.includes(regionPlaceholder));
  const other = allowsFallback ? fallbackRegionOf(region) : undefined;
  const regions = other === undefined ? [region] : [region, other];
  return Promise.all(regions.map((name) => connect(name, endpointFor(name, settings))));
}

const regionPlaceholder = '{region}';

/** The configured endpoint for the region; null for the one of AWS. */
export const endpointFor = (
  region: string,
  { sts_endpoint }: Pick<AwsSettings, 'sts_endpoint'>,
): string | null => sts_endpoint?.replaceAll(regionPlaceholder, region) ?? null;

/** Limit for one endpoint while another remains to try: a third of the time for the exchange. */
const attemptTimeoutMs = 1_600;

/**
 * Each attempt uses the next endpoint. If the fallback region fails, the error of the target's own region is thrown: a
 * customer may forbid the other region, which says nothing about the trust.
 */
export function tryEndpoints<T>(
  endpoints: readonly AssumeRole[],
  signal: AbortSignal,
  attempt: (assumeRole: AssumeRole, signal: AbortSignal) => Promise<T>,
): () => Promise<T> {
  let attempts = 0;
  let ownError: unknown;
  return async () => {
    const index = attempts++ % endpoints.length;
    const limit =
      endpoints.length > 1 ? AbortSignal.any([signal, AbortSignal.timeout(attemptTimeoutMs)]) : signal;
    try {
      return await attempt(endpoints[index]!, limit);
    } catch (error) {
      if (index === 0) ownError = error;
      throw ownError;
    }
  };
}

/** The endpoint timed out, or its region is not enabled in the customer's account. */
export const isRegional = (error: SojournError): boolean =>
  error instanceof SojournError && (error.code === 'cloud_timeout' || error.code === 'cloud_region_disabled');
