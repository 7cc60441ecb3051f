/** The key set that a customer uploads to a provider: https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers#Oidc */
import type { SetupFacts, UploadedKey } from '../contract/index.ts';

/** Google refuses any other member, such as x5c or x5t, with "Input JWK is not in a valid json format". */
const members = ['kty', 'alg', 'use', 'kid', 'n', 'e', 'crv', 'x', 'y'];
const maxKeys = 8;

/** The first keys up to Google's limit; they are ordered by when they are needed. */
export const uploadedJwks = ({ jwks = [] }: SetupFacts): string =>
  JSON.stringify({ keys: jwks.slice(0, maxKeys).map(withAcceptedMembers) });

const withAcceptedMembers = (key: UploadedKey): UploadedKey =>
  Object.fromEntries(Object.entries(key).filter(([name]) => members.includes(name)));
