/** Where verifiers look for a key, whoever serves it there. */

import { placeOf } from '../../tokens/issuer/index.ts';
import { findPropagationFault, type PublicJwk } from '../../tokens/keys/index.ts';
import type { Config } from '../config/index.ts';

/** Where verifiers look for a key and do not find it. */
export async function propagationObstacles(
  key: PublicJwk,
  path: string,
  issuer: string,
  keys: Config['keys'],
): Promise<readonly string[]> {
  const places = [...(keys.check_propagation ? [issuer] : []), ...mirrorUrls(keys)].map((base) =>
    placeOf(base + path),
  );
  const named = { url: issuer + path, jwks: placeOf(issuer + path).jwks };
  const faults = await Promise.all(places.map((place) => findPropagationFault(place, named, key)));
  return faults.filter((fault) => fault !== undefined);
}

/** Every place where a copy can be read, whoever puts it there. */
export const mirrorUrls = ({ mirrors, publish }: Config['keys']): readonly string[] => [
  ...new Set([...mirrors, ...publish.flatMap(({ public_url }) => public_url ?? [])]),
];
