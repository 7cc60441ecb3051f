/** From a refusal to the first condition that does not hold, with what mends it. */
import { type Connection, destinationOf, setupFactsOf } from '../../access/connections/index.ts';
import { type ErrorCode, SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { discoveryPath, type Issuers } from '../../tokens/issuer/index.ts';
import { checkDiscovery, checkJwks, fetchPublic } from '../doctor/index.ts';
import type { Check } from './check.ts';
import { skipped } from './check.ts';

/** Nothing that a customer did, and over by itself. */
const isOutage = ({ status }: SojournError): boolean => status >= 503;

export function refusedCheck(
  name: string,
  connection: Connection,
  error: SojournError,
  vendor: string,
): Check {
  const destination = destinationOf(connection);
  const { condition, detail, fix } = destination.remedy(setupFactsOf(connection, vendor), error);
  const outcome = isOutage(error) ? 'unclear' : destination.propagation.may(error) ? 'waiting' : 'failed';
  return {
    name,
    outcome,
    detail: `${error.code}: ${error.message}${detail === undefined ? '' : ` ${detail}`}`,
    advice: error.advice,
    ...(outcome === 'unclear' ? {} : { condition, ...(fix === undefined ? {} : { fix }) }),
  };
}

/** Rethrows what is no answer of a cloud: a store or keys that fail say nothing about the connection. */
export function cloudError(error: unknown): SojournError {
  if (error instanceof SojournError && error.code.startsWith('cloud_')) return error;
  throw error;
}

/** Refusals that can come of what the issuer publishes. */
const ofDocuments: readonly ErrorCode[] = [
  'cloud_issuer_unreachable',
  'cloud_key_unknown',
  'cloud_audience_mismatch',
];

/** Whether the documents of the issuer are to be seen as they should, when a refusal can come of them. */
export async function documentChecks(
  connection: Connection,
  { code }: SojournError,
  options: { readonly issuers: Pick<Issuers, 'of'>; readonly checkPropagation: boolean; readonly now: Now },
): Promise<readonly Check[]> {
  if (!ofDocuments.includes(code)) return [];
  const name = 'issuer_documents';
  if (!options.checkPropagation)
    return [
      skipped(name, 'keys.check_propagation is off: the server does not look at its own public address.'),
    ];
  const issuer = await options.issuers.of(connection);
  const discovery = JSON.parse(issuer.discovery().body.toString()) as Record<string, unknown>;
  const { keys } = JSON.parse(issuer.jwks().body.toString()) as { keys: Record<string, unknown>[] };
  const seen = {
    discovery: await fetchPublic(issuer.url + discoveryPath, options.now),
    jwks: await fetchPublic(String(discovery.jwks_uri), options.now),
  };
  // A cloud that speaks of the audience has read them: that they are not to be reached from here says nothing.
  if (code === 'cloud_audience_mismatch' && !(seen.discovery.answer && seen.jwks.answer)) return [];
  const found = [checkDiscovery(seen.discovery, discovery), checkJwks(seen.jwks, keys)];
  return found.map(({ name: document, outcome, detail, advice }) => ({
    name: `issuer_${document}`,
    ...(outcome === 'failed'
      ? { outcome: 'failed' as const, condition: 'issuer_documents', fix: `sojourn lint ${issuer.url}` }
      : { outcome: 'passed' as const }),
    detail,
    advice,
  }));
}
