/** Explains a cloud's refusal: the first condition that does not hold, and the fix. */
import { type Connection, type ResolvedConnection, setupFactsOf } from '../../access/connections/index.ts';
import { cloudOf, type Remedy } from '../../clouds/index.ts';
import { type ErrorCode, SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { discoveryPath, type Issuers } from '../../tokens/issuer/index.ts';
import { fetchPublic } from '../../tokens/remote-documents/index.ts';
import { checkDiscovery, checkJwks } from '../doctor/index.ts';
import type { Check } from './check.ts';
import { skipped } from './check.ts';

/** Not caused by the customer, and temporary. */
const isOutage = ({ status }: SojournError): boolean => status >= 503;

export function refusedCheck(
  name: string,
  resolved: ResolvedConnection,
  error: SojournError,
  vendor: string,
): Check {
  const { target, cloud } = resolved.connection;
  const { diagnosis } = cloudOf(cloud);
  const { condition, detail, fix }: Remedy = diagnosis?.remedy(
    target,
    setupFactsOf(resolved, vendor),
    error,
  ) ?? { condition: error.code };
  const outcome = isOutage(error)
    ? 'inconclusive'
    : diagnosis?.propagation.mayExplain(error)
      ? 'propagating'
      : 'failed';
  return {
    name,
    outcome,
    detail: `${error.code}: ${error.message}${detail === undefined ? '' : ` ${detail}`}`,
    advice: error.advice,
    ...(outcome === 'inconclusive' ? {} : { condition, ...(fix === undefined ? {} : { fix }) }),
  };
}

/** Rethrows every error that is not a cloud's: a failing store or key backend says nothing about the connection. */
export function cloudError(error: unknown): SojournError {
  if (error instanceof SojournError && error.code.startsWith('cloud_')) return error;
  throw error;
}

/** Refusals that faulty issuer documents can cause. */
const documentErrors: readonly ErrorCode[] = [
  'cloud_issuer_unreachable',
  'cloud_key_unknown',
  'cloud_audience_mismatch',
];

/** Fetches the issuer documents from their public URLs and checks them, if they can be the cause of the refusal. */
export async function documentChecks(
  connection: Connection,
  { code }: SojournError,
  options: { readonly issuers: Pick<Issuers, 'of'>; readonly checkPropagation: boolean; readonly now: Now },
): Promise<readonly Check[]> {
  if (!documentErrors.includes(code)) return [];
  const name = 'issuer_documents';
  if (!options.checkPropagation)
    return [
      skipped(name, 'keys.check_propagation is off: the server does not fetch its own public documents.'),
    ];
  const issuer = await options.issuers.of(connection);
  const discovery = JSON.parse(issuer.discovery().body.toString()) as Record<string, unknown>;
  const { keys } = JSON.parse(issuer.jwks().body.toString()) as { keys: Record<string, unknown>[] };
  const fetched = {
    discovery: await fetchPublic(issuer.url + discoveryPath, options.now),
    jwks: await fetchPublic(String(discovery.jwks_uri), options.now),
  };
  // A cloud that reports an audience mismatch has read the documents, so a failed fetch from here proves nothing.
  if (code === 'cloud_audience_mismatch' && !(fetched.discovery.answer && fetched.jwks.answer)) return [];
  const results = [checkDiscovery(fetched.discovery, discovery), checkJwks(fetched.jwks, keys)];
  return results.map(({ name: document, outcome, detail, advice }) => ({
    name: `issuer_${document}`,
    ...(outcome === 'failed'
      ? { outcome: 'failed' as const, condition: 'issuer_documents', fix: `sojourn lint ${issuer.url}` }
      : { outcome: 'passed' as const }),
    detail,
    advice,
  }));
}
