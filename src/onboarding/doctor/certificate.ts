/** Warns before the issuer's certificate changes, if a customer's service stores its fingerprint. */
import { clouds } from '../../clouds/index.ts';
import { certificateExpiry } from '../../platform/outbound/index.ts';
import { type Check, passed, warned } from './check.ts';
import type { DoctorInput } from './server-state.ts';

const dayMs = 86_400_000;
/** ACME clients renew a certificate 30 days before it expires. */
const warnDays = 45;
const deadlineMs = 5_000;
/** How many connections a detail names. */
const maxNamed = 3;

/** Empty if no service stores it. */
export async function checkCertificate(
  issuer: string,
  connections: readonly Pick<DoctorInput['connections'][number], 'id' | 'cloud'>[],
  now: number,
): Promise<readonly Check[]> {
  const storing = connections.filter(({ cloud }) => clouds[cloud]?.pinsCertificate);
  const url = new URL(issuer);
  if (storing.length === 0 || url.protocol !== 'https:') return [];
  const named = storing.slice(0, maxNamed).map(({ id, cloud }) => `${id} (${cloud})`);
  const rest = storing.length > maxNamed ? ` and ${storing.length - maxNamed} more` : '';
  const stored = `its fingerprint is stored for ${named.join(', ')}${rest}`;
  const advice =
    'Before the certificate or its authority changes, add the fingerprint of the new one in the accounts of these customers.';
  try {
    const expiry = await certificateExpiry(url, AbortSignal.timeout(deadlineMs));
    const detail = `the certificate expires on ${new Date(expiry).toISOString().slice(0, 10)}, and ${stored}`;
    return [
      expiry - now > warnDays * dayMs ? passed('certificate', detail) : warned('certificate', detail, advice),
    ];
  } catch {
    return [warned('certificate', `the certificate could not be read, and ${stored}`, advice)];
  }
}
