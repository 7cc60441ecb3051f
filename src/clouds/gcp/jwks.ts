/** The key set that a customer uploads to a provider: https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers#Oidc */
import type { SetupFacts, UploadedKey } from '../contract.ts';

/** Any other member, x5c or x5t, is refused with "Input JWK is not in a valid json format". */
const members = ['kty', 'alg', 'use', 'kid', 'n', 'e', 'crv', 'x', 'y'];
const atMost = 8;

/** The first of them, should there be too many: the order is that in which they are needed. */
export const uploadedJwks = ({ jwks = [] }: SetupFacts): string =>
  JSON.stringify({ keys: jwks.slice(0, atMost).map(bare) });

const bare = (key: UploadedKey): UploadedKey =>
  Object.fromEntries(Object.entries(key).filter(([name]) => members.includes(name)));
