/**
 * Whether a running server would be trusted, seen from where this runs. Owns: what is looked at and what each finding
 * means. Does not own: asking the server's admin API, which the command line does, and any repair.
 */
import type { Now } from '../../platform/time/index.ts';
import type { Check } from './check.ts';
import { checkDiscovery, checkJwks } from './documents.ts';
import { checkExposure } from './exposure.ts';
import { fetchPublic } from './fetch.ts';
import { checkClock, checkConnections, checkKeys, checkReadiness, checkSecrets, type Told } from './told.ts';

export type { Check } from './check.ts';
export { checkDiscovery, checkJwks } from './documents.ts';
export { fetchPublic } from './fetch.ts';
export { type IssuerCheck, type IssuerLint, lintIssuer } from './issuer.ts';
export { findSharedSecrets, type SecretsFound } from './secrets.ts';
export type { Told } from './told.ts';

/** Every check there is, whatever an earlier one found. */
export async function examine(told: Told, now: Now): Promise<readonly Check[]> {
  const { issuer, discovery, jwks } = told.issuer;
  return [
    checkDiscovery(await fetchPublic(`${issuer}/.well-known/openid-configuration`, now), discovery),
    checkJwks(await fetchPublic(String(discovery.jwks_uri), now), jwks.keys),
    await checkExposure(new URL(issuer).origin, told.adminUrl, now),
    checkClock(told.serverDate, now()),
    ...checkReadiness(told.readiness),
    checkKeys(told.keys),
    checkConnections(told.connections),
    checkSecrets(told.clients, now()),
  ];
}
