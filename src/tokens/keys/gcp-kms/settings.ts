/** The configuration keys for Google Cloud KMS, `keys.gcp_kms`. */
import { z } from 'zod';
import { endpointField, key } from '../../../platform/settings/index.ts';

const nullable = (pattern: RegExp, message: string) => z.string().regex(pattern, message).nullable();
const keyId = nullable(/^[\w-]{1,63}$/, 'must be the id of a key: letters, digits, - and _');

export const settings = {
  key_ring: key(
    nullable(
      /^projects\/[a-z0-9:.-]+\/locations\/[a-z0-9-]+\/keyRings\/[\w-]{1,63}$/,
      'must be projects/PROJECT/locations/LOCATION/keyRings/KEY_RING',
    ),
    null,
    '`projects/…/locations/…/keyRings/…` with the two keys below. Credentials come from the metadata server: the service account of the server.',
  ),
  rsa_key: key(
    keyId,
    null,
    'Id of the crypto key for `RS256`, whose algorithm is `RSA_SIGN_PKCS1_2048_SHA256`; each signing key is a version of it.',
  ),
  ec_key: key(keyId, null, 'The same for `ES256`: `EC_SIGN_P256_SHA256`.'),
  endpoint: key(endpointField.nullable(), null, 'Overrides `https://cloudkms.googleapis.com`.'),
  metadata_endpoint: key(endpointField.nullable(), null, 'Overrides `http://metadata.google.internal`.'),
} as const;
