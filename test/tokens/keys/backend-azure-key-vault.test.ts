import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { backendSuite, failure, recordFrom, some } from './backend-suite.ts';
import { faultSuite, type ServiceBench } from './fault-suite.ts';
import { holderOpener } from './open-backend.ts';
import { serverSuite } from './server-suite.ts';
import { azureToken, azureVaultService, clusterToken, identityHeader } from './services/azure-key-vault.ts';

const secrets = [azureToken, clusterToken, identityHeader];

async function bench(env: Record<string, string> = {}) {
  const service = await azureVaultService();
  const azure_key_vault = {
    vault_url: service.origin,
    identity_endpoint: service.identity.origin,
    authority_host: service.identity.origin,
  };
  const keys = { backend: 'azure-key-vault', azure_key_vault };
  const { open, logged, close } = holderOpener(keys, env);
  return {
    keys,
    service,
    open,
    logged,
    secrets,
    words: {
      disabled: 'Azure Key Vault: Forbidden/KeyDisabled: Operation sign is not allowed on a disabled key.',
      removed: 'Azure Key Vault: KeyNotFound: A key with (name/id) sojourn-es256/',
      denied: 'Azure Key Vault: Forbidden/ForbiddenByRbac: Caller is not authorized',
    },
    end: async () => {
      await close();
      await service.stop();
      await service.identity.stop();
    },
  } satisfies ServiceBench & { keys: Record<string, unknown> };
}

backendSuite('azure-key-vault', () => bench());
faultSuite('azure-key-vault', () => bench());
serverSuite('azure-key-vault', async () => {
  const { keys, service, end } = await bench();
  return { keys, secrets, end, interrupt: service.stop, reason: /ECONNREFUSED/, starts: true };
});

describe('the backend azure-key-vault', () => {
  test('creates keys that are not exportable, with the key id as reference', async () => {
    const { open, service, end } = await bench();
    const { sealed } = await (await open()).createKey('ES256');
    expect(sealed).toMatch(/^https:\/\/acme\.vault\.azure\.net\/keys\/sojourn-es256\/[0-9a-f]{32}$/);
    expect(service.calls[0]).toMatchObject({
      method: 'POST',
      url: '/keys/sojourn-es256/create?api-version=7.4',
    });
    expect(JSON.parse(service.calls[0]!.body)).toEqual({
      kty: 'EC',
      crv: 'P-256',
      key_ops: ['sign', 'verify'],
      attributes: { enabled: true, exportable: false },
      tags: { application: 'sojourn', algorithm: 'ES256' },
    });
    await end();
  });

  test('after a challenge from the vault, it fetches a new access token and repeats the request once', async () => {
    const { open, service, end } = await bench();
    const backend = await open();
    const key = recordFrom(await backend.createKey('ES256'));
    Object.assign(service.tokens, { taken: `${azureToken}2`, given: `${azureToken}2` });
    expect((await backend.sign(key, some)).length).toBe(64);
    expect(service.identity.calls.length).toBe(2);
    service.tokens.taken = 'none that is given';
    expect(await failure(backend.sign(key, some))).toMatchObject({
      code: 'key_backend_unavailable',
      cause: { message: "Azure Key Vault rejects the server's own access token (Unauthorized)" },
    });
    await end();
  });

  test('sends the access token only to the configured vault, even if a reference names another host', async () => {
    const { open, service, end } = await bench();
    const backend = await open();
    const key = recordFrom(await backend.createKey('ES256'));
    const elsewhere = key.sealed!.replace('acme.vault.azure.net', 'evil.example');
    expect((await backend.sign({ ...key, sealed: elsewhere }, some)).length).toBe(64);
    expect(service.calls.at(-1)?.headers.host).toBe(new URL(service.origin).host);
    for (const odd of ['/../secrets/a/b', '/keys/a/../../secrets/b', '/keys/a']) {
      expect(
        await failure(backend.sign({ ...key, sealed: `https://acme.vault.azure.net${odd}` }, some)),
      ).toMatchObject({
        code: 'key_material_unusable',
      });
    }
    await end();
  });

  test('exchanges the token of the cluster for a workload identity, reading its file each time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sojourn-azure-'));
    const file = join(folder, 'token');
    const env = {
      AZURE_CLIENT_ID: 'client-of-the-pod',
      AZURE_TENANT_ID: 'tenant-of-the-vault',
      AZURE_FEDERATED_TOKEN_FILE: file,
    };
    const { open, service, logged, end } = await bench(env);
    expect(await failure((await open()).createKey('ES256'))).toMatchObject({
      code: 'key_backend_unavailable',
      message: expect.stringContaining(`The federated token file ${file} cannot be read (ENOENT)`),
    });
    await writeFile(file, 'eyJ.kms-test-other-token');
    const refused = await failure((await open()).createKey('ES256'));
    expect(refused).toMatchObject({
      code: 'key_backend_unavailable',
      message: expect.stringContaining(
        'Microsoft Entra did not issue an access token (status 401 AADSTS700213)',
      ),
    });
    expect(`${refused.message}${logged()}`).not.toContain('eyJ.');
    await writeFile(file, `${clusterToken}\n`);
    expect((await (await open()).createKey('ES256')).jwk.alg).toBe('ES256');
    expect(service.identity.calls.every(({ method }) => method === 'POST')).toBe(true);
    await end();
    await rm(folder, { recursive: true });
  });

  test('calls the identity endpoint of App Service with its header', async () => {
    const {
      service: { identity },
      end,
    } = await bench();
    const env = {
      IDENTITY_ENDPOINT: identity.origin,
      IDENTITY_HEADER: identityHeader,
      AZURE_CLIENT_ID: 'mine',
    };
    const own = await bench(env);
    expect((await (await own.open()).createKey('ES256')).jwk.alg).toBe('ES256');
    const [call] = own.service.identity.calls;
    expect({ url: call?.url, metadata: call?.headers.metadata }).toEqual({
      url: '/?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net&client_id=mine',
      metadata: undefined,
    });
    await own.end();
    await end();
  });
});
