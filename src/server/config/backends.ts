/** Settings of the external key backends; each has a section under `keys`. */
import { z } from 'zod';
import { endpointField, key } from '../../platform/settings/index.ts';
import { fileField, secretSourceField } from './urls.ts';

const nullable = (pattern: RegExp, message: string) => z.string().regex(pattern, message).nullable();
const keyId = nullable(/^[\w-]{1,63}$/, 'must be the id of a key: letters, digits, - and _');

export const backendKeys = {
  aws_kms: {
    region: key(
      nullable(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, 'must be a region such as eu-central-1'),
      null,
      'Region of the keys. Credentials come from the default chain of the AWS SDK, such as the role of the server.',
    ),
    endpoint: key(
      endpointField.nullable(),
      null,
      'Overrides the regional endpoint, for a VPC endpoint or an emulator.',
    ),
  },
  gcp_kms: {
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
  },
  azure_key_vault: {
    vault_url: key(
      endpointField.nullable(),
      null,
      'URL of the vault, such as `https://acme.vault.azure.net`. Credentials come from the managed identity or workload identity of the server.',
    ),
    key_name: key(
      z.string().regex(/^[0-9A-Za-z-]{1,100}$/, 'must be at most 100 letters, digits and -'),
      'sojourn',
      'Prefix of the key names `sojourn-rs256` and `sojourn-es256`; each signing key is a version of one of them.',
    ),
    identity_endpoint: key(
      endpointField.nullable(),
      null,
      'Overrides `IDENTITY_ENDPOINT` or the instance metadata service of a virtual machine.',
    ),
    authority_host: key(
      endpointField.nullable(),
      null,
      'Overrides `AZURE_AUTHORITY_HOST` or `https://login.microsoftonline.com`, for a workload identity.',
    ),
  },
  pkcs11: {
    module: key(
      fileField.nullable(),
      null,
      'The PKCS#11 library of the token, such as `/usr/lib/softhsm/libsofthsm2.so`.',
    ),
    token_label: key(
      nullable(/^[\x20-\x7e]{1,32}$/, 'must be a label of at most 32 characters'),
      null,
      'Label of the token that stores the keys.',
    ),
    pin: key(
      secretSourceField.nullable(),
      null,
      'Source of the user PIN of the token: `file:PATH` or `env:NAME`.',
    ),
  },
} as const;
