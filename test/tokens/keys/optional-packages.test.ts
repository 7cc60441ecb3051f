import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);
const here = import.meta.dirname;

/** Opens the backend in a separate process, as a server installed without the optional packages does. */
async function opened(keys: Record<string, unknown>, preload: readonly string[]): Promise<unknown> {
  const imports = preload.flatMap((file) => ['--import', join(here, file)]);
  const program = join(here, 'open-backend-program.ts');
  const { stdout } = await run(process.execPath, [...imports, program, JSON.stringify(keys)], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout);
}

const module = import.meta.filename;
const awsKms = { backend: 'aws-kms', aws_kms: { region: 'eu-central-1' } };
const pkcs11 = { backend: 'pkcs11', pkcs11: { module, token_label: 'sojourn', pin: 'env:TOKEN_PIN' } };
const gcpKms = {
  backend: 'gcp-kms',
  gcp_kms: { key_ring: 'projects/a/locations/b/keyRings/c', rsa_key: 'rsa', ec_key: 'ec' },
};
const azure = { backend: 'azure-key-vault', azure_key_vault: { vault_url: 'https://acme.vault.azure.net' } };

test.each([
  ['@aws-sdk/client-kms', awsKms],
  ['pkcs11js', pkcs11],
])('a backend without its package %s names the package to install', async (name, keys) => {
  expect(await opened(keys, ['without-packages.ts'])).toEqual({
    code: 'config_invalid',
    message: `keys.backend: needs the package ${name}, which is not installed or does not load`,
    advice: `Run: npm install --save-prod --omit=dev --ignore-scripts=false ${name}`,
  });
  expect(await opened(keys, [])).toEqual({ opened: true });
});

test.each([gcpKms, azure])('$backend needs no additional package', async (keys) => {
  expect(await opened(keys, ['without-packages.ts'])).toEqual({ opened: true });
});
