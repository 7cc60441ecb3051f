/**
 * The doctor: whether clouds can trust a running server, checked from this machine. Owns: the checks and what each result
 * means. Does not own: requests to the server's admin API (the command line sends them) or any repair.
 */
import type { Now } from '../../platform/time/index.ts';
import { fetchPublic } from '../../tokens/remote-documents/index.ts';
import { checkCertificate } from './certificate.ts';
import type { Check } from './check.ts';
import { checkDiscovery, checkJwks } from './documents.ts';
import { checkExposure } from './exposure.ts';
import {
  checkClock,
  checkConnections,
  checkIssuer,
  checkKeys,
  checkReadiness,
  checkSecrets,
  type DoctorInput,
} from './server-state.ts';

export type { Check } from './check.ts';
export { checkDiscovery, checkJwks } from './documents.ts';
export { type IssuerCheck, type IssuerLint, lintIssuer } from './issuer.ts';
export { findSharedSecrets, type SharedSecrets } from './secrets.ts';
export type { DoctorInput } from './server-state.ts';

/** Runs all checks, even after one has failed. */
export async function examine(input: DoctorInput, now: Now): Promise<readonly Check[]> {
  const { issuer, discovery, jwks } = input.issuer;
  return [
    checkIssuer(input),
    checkDiscovery(await fetchPublic(`${issuer}/.well-known/openid-configuration`, now), discovery),
    checkJwks(await fetchPublic(String(discovery.jwks_uri), now), jwks.keys),
    await checkExposure(new URL(issuer).origin, input.adminUrl, now),
    ...(await checkCertificate(issuer, input.connections, now())),
    checkClock(input.serverDate, now()),
    ...checkReadiness(input.readiness),
    checkKeys(input.keys),
    checkConnections(input.connections),
    checkSecrets(input.clients, now()),
  ];
}
