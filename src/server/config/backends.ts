/** The keys of the backends that are services; each has a section under `keys`. */
import { z } from 'zod';
import { key } from './setting.ts';
import { endpointField, fileField, secretSourceField } from './urls.ts';

const nullable = (pattern: RegExp, message: string) => z.string().regex(pattern, message).nullable();
const keyId = nullable(/^[\w-]{1,63}$/, 'must be the id of a key: letters, digits, - and _');

export const backendKeys = {
  aws_kms: {
    region: key(
      nullable(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, 'must be a region such as eu-central-1'),
      null,
      'Region of the keys. The credentials are those of the role that the server runs with (the default chain of the AWS SDK).',
    ),
    endpoint: key(
      endpointField.nullable(),
      null,
      'In place of the regional endpoint: a VPC endpoint, an emulator.',
    ),
  },
  gcp_kms: {
    key_ring: key(
      nullable(
        /^projects\/[a-z0-9:.-]+\/locations\/[a-z0-9-]+\/keyRings\/[\w-]{1,63}$/,
        'must be projects/PROJECT/locations/LOCATION/keyRings/KEY_RING',
      ),
      null,
      '`projects/…/locations/…/keyRings/…` that holds the two keys below. The credentials are those of the service account that the server runs with (the metadata server).',
    ),
    rsa_key: key(
      keyId,
      null,
      'Id of the crypto key for `RS256`, whose algorithm is `RSA_SIGN_PKCS1_2048_SHA256`; each signing key is a version of it.',
    ),
    ec_key: key(keyId, null, 'The same for `ES256`: `EC_SIGN_P256_SHA256`.'),
    endpoint: key(endpointField.nullable(), null, 'In place of `https://cloudkms.googleapis.com`.'),
    metadata_endpoint: key(endpointField.nullable(), null, 'In place of `http://metadata.google.internal`.'),
  },
  azure_key_vault: {
    vault_url: key(
      endpointField.nullable(),
      null,
      'The vault, such as `https://acme.vault.azure.net`. The credentials are those of the managed or the workload identity that the server runs with.',
    ),
    key_name: key(
      z.string().regex(/^[0-9A-Za-z-]{1,100}$/, 'must be letters, digits and -, 100 at most'),
      'sojourn',
      'How the names of the keys begin: `sojourn-rs256`, `sojourn-es256`; each signing key is a version of one.',
    ),
    identity_endpoint: key(
      endpointField.nullable(),
      null,
      'In place of `IDENTITY_ENDPOINT` or of the instance metadata service of a virtual machine.',
    ),
    authority_host: key(
      endpointField.nullable(),
      null,
      'In place of `AZURE_AUTHORITY_HOST` or `https://login.microsoftonline.com`, for a workload identity.',
    ),
  },
  pkcs11: {
    module: key(
      fileField.nullable(),
      null,
      'The PKCS#11 library of the token: `/usr/lib/softhsm/libsofthsm2.so`.',
    ),
    token_label: key(
      nullable(/^[\x20-\x7e]{1,32}$/, 'must be a label of 32 characters at most'),
      null,
      'Label of the token that holds the keys.',
    ),
    pin: key(
      secretSourceField.nullable(),
      null,
      'Where the user PIN of the token is: `file:PATH` or `env:NAME`.',
    ),
  },
} as const;
