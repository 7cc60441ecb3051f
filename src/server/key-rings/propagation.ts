/** The documents that verifiers read, at the issuer and at mirrors. */

import { documentUrls } from '../../tokens/issuer/index.ts';
import { findPropagationFault, type PublicJwk } from '../../tokens/keys/index.ts';
import type { Config } from '../config/index.ts';

/** The documents in which verifiers would not find the key. */
export async function propagationObstacles(
  key: PublicJwk,
  path: string,
  issuer: string,
  keys: Config['keys'],
): Promise<readonly string[]> {
  const locations = [...(keys.check_propagation ? [issuer] : []), ...mirrorUrls(keys)].map((base) =>
    documentUrls(base + path),
  );
  const expected = { url: issuer + path, jwks: documentUrls(issuer + path).jwks };
  const faults = await Promise.all(locations.map((urls) => findPropagationFault(urls, expected, key)));
  return faults.filter((fault) => fault !== undefined);
}

/** The base URLs of all mirrors, including those that the operator fills by other means. */
export const mirrorUrls = ({ mirrors, publish }: Config['keys']): readonly string[] => [
  ...new Set([...mirrors, ...publish.flatMap(({ public_url }) => public_url ?? [])]),
];
