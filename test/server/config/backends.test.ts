import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/server/config/load.ts';
import { faultsOf, fileOf, least } from './arrange.ts';

const missing = (backend: string, ...keys: string[]) =>
  keys.map((key) => ({ path: `keys.${key}`, message: `is missing; keys.backend ${backend} requires it` }));
const key_ring = 'projects/acme/locations/eu/keyRings/sojourn';

describe('key backend settings', () => {
  test.each([
    ['aws-kms', {}, ['aws_kms.region']],
    ['gcp-kms', {}, ['gcp_kms.key_ring', 'gcp_kms.rsa_key', 'gcp_kms.ec_key']],
    ['gcp-kms', { algorithms: ['ES256'] }, ['gcp_kms.key_ring', 'gcp_kms.ec_key']],
    ['azure-key-vault', {}, ['azure_key_vault.vault_url']],
    ['pkcs11', {}, ['pkcs11.module', 'pkcs11.token_label', 'pkcs11.pin']],
  ])('report all missing settings of %s together (%j)', (backend, more, keys) => {
    expect(faultsOf({ ...least, keys: { backend, ...more } })).toEqual(missing(backend, ...keys));
  });

  test('do not require the settings of other backends, nor a key-encryption key for external keys', () => {
    const keys = { backend: 'aws-kms', aws_kms: { region: 'eu-central-1' } };
    const config = parseConfig({ ...least, store: 'redis://127.0.0.1:6379', keys });
    expect(config.keys).toMatchObject({ ...keys, encryption_key: null });
  });

  test.each([
    ['aws_kms', { region: 'Frankfurt' }, 'aws_kms.region', 'must be a region such as eu-central-1'],
    [
      'aws_kms',
      { endpoint: 'http://kms.example' },
      'aws_kms.endpoint',
      'must begin with https:// (http only for loopback hosts)',
    ],
    [
      'gcp_kms',
      { key_ring: 'sojourn' },
      'gcp_kms.key_ring',
      'must be projects/PROJECT/locations/LOCATION/keyRings/KEY_RING',
    ],
    ['gcp_kms', { rsa_key: 'a/b' }, 'gcp_kms.rsa_key', 'must be the id of a key: letters, digits, - and _'],
    [
      'azure_key_vault',
      { vault_url: 'acme' },
      'azure_key_vault.vault_url',
      'must be a URL such as https://host.example',
    ],
    [
      'azure_key_vault',
      { key_name: 'a/b' },
      'azure_key_vault.key_name',
      'must be at most 100 letters, digits and -',
    ],
    ['pkcs11', { module: '/nowhere/lib.so' }, 'pkcs11.module', 'names a file that cannot be read (ENOENT)'],
    [
      'pkcs11',
      { token_label: 'x'.repeat(33) },
      'pkcs11.token_label',
      'must be a label of at most 32 characters',
    ],
    ['pkcs11', { pin: '1234' }, 'pkcs11.pin', 'must be file:PATH or env:NAME, never the secret itself'],
    ['pkcs11', { pin: 'env:TOKEN_PIN' }, 'pkcs11.pin', 'names the variable TOKEN_PIN, which is not set'],
  ])('reject keys.%s with %j', (section, value, path, message) => {
    expect(faultsOf({ ...least, keys: { [section]: value } })).toEqual([{ path: `keys.${path}`, message }]);
  });

  test('have a variable each, and read secrets from their sources', () => {
    const module = fileOf('library', 'lib.so');
    const env = {
      SOJOURN_KEYS_BACKEND: 'pkcs11',
      SOJOURN_KEYS_PKCS11_MODULE: module,
      SOJOURN_KEYS_PKCS11_TOKEN_LABEL: 'sojourn',
      SOJOURN_KEYS_PKCS11_PIN: 'env:SOJOURN_PIN',
      SOJOURN_PIN: '1234',
      SOJOURN_KEYS_GCP_KMS_KEY_RING: key_ring,
      AZURE_CLIENT_ID: 'client',
      IDENTITY_ENDPOINT: 'http://localhost:42356/msi/token',
    };
    const { keys } = parseConfig(least, env);
    expect({ backend: keys.backend, pkcs11: keys.pkcs11, key_ring: keys.gcp_kms.key_ring }).toEqual({
      backend: 'pkcs11',
      pkcs11: { module, token_label: 'sojourn', pin: { value: '1234', source: 'env:SOJOURN_PIN' } },
      key_ring,
    });
    expect(keys.azure_key_vault).toEqual({
      vault_url: null,
      key_name: 'sojourn',
      identity_endpoint: null,
      authority_host: null,
      identity: {
        client_id: 'client',
        tenant_id: null,
        federated_token_file: null,
        endpoint: 'http://localhost:42356/msi/token',
        header: null,
        authority_host: null,
      },
    });
  });
});
