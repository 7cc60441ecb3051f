/** Azure Key Vault, through its REST API 7.4. The reference of a key is its key id, the URL of one version. */
import { createHash, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { AccessTokenSource } from '../service/access-token.ts';
import type { KeyService } from '../service/contract.ts';
import { unavailable } from '../service/faults.ts';
import { serviceBackend } from '../service/index.ts';
import { callWithToken } from '../service/rest.ts';
import { type BackendSettings, type OpenBackend, required } from '../settings.ts';
import { explain } from './explain.ts';
import { identityToken } from './identity.ts';

const name = 'Azure Key Vault';
const version = '?api-version=7.4';
const keyPath = /^\/keys\/[0-9A-Za-z-]{1,127}\/[0-9a-f]{32}$/;

const keyParameters = { RS256: { kty: 'RSA', key_size: 2048 }, ES256: { kty: 'EC', crv: 'P-256' } } as const;

/** A Managed HSM adds `-HSM` to the kty. */
const keySchema = z.object({
  key: z.union([
    z.object({ kid: z.string(), kty: z.enum(['RSA', 'RSA-HSM']), n: z.string(), e: z.string() }),
    z.object({
      kid: z.string(),
      kty: z.enum(['EC', 'EC-HSM']),
      crv: z.literal('P-256'),
      x: z.string(),
      y: z.string(),
    }),
  ]),
});
const signatureSchema = z.object({ kid: z.string(), value: z.base64url() });

export const azureKeyVault: OpenBackend = async ({ azure_key_vault: settings }, context) => {
  const vault = required(settings.vault_url, 'keys.azure_key_vault.vault_url');
  const fetchToken = identityToken(settings, audienceOf(vault), context.now);
  const tokens = new AccessTokenSource(fetchToken, context.now);
  return serviceBackend(azureService(vault, settings, tokens), context);
};

function azureService(
  vault: string,
  { key_name }: BackendSettings['azure_key_vault'],
  tokens: AccessTokenSource,
): KeyService {
  const call = <T>(
    method: 'GET' | 'POST',
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<T> =>
    callWithToken(tokens, {
      service: name,
      method,
      url: `${vault}${path}${version}`,
      signal,
      schema,
      body,
      refusal: explain,
    });

  return {
    name,
    // The vault's quota is 4,000 signatures with 2,048-bit keys in 10 seconds.
    maxConcurrency: 32,
    isReference: (reference) => pathOf(reference) !== undefined,

    async create(alg, signal) {
      const path = `/keys/${key_name}-${alg.toLowerCase()}/create`;
      const { key } = await call('POST', path, keySchema, signal, {
        ...keyParameters[alg],
        key_ops: ['sign', 'verify'],
        attributes: { enabled: true, exportable: false },
        tags: { application: 'sojourn', algorithm: alg },
      });
      if (pathOf(key.kid) === undefined)
        throw unavailable(`${name}: the response has no key id for the new key`);
      return key.kid;
    },

    async publicKey(reference, signal) {
      const { key } = await call('GET', `${pathOf(reference)}`, keySchema, signal);
      const { kid: _, ...members } = key;
      return createPublicKey({ key: { ...members, kty: key.kty.replace(/-HSM$/, '') }, format: 'jwk' });
    },

    async sign(reference, alg, data, signal) {
      const value = createHash('sha256').update(data).digest('base64url');
      const answer = await call('POST', `${pathOf(reference)}/sign`, signatureSchema, signal, { alg, value });
      return Buffer.from(answer.value, 'base64url');
    },
  };
}

/**
 * Only the path of a reference is used, below the configured vault, so that a reference cannot choose where the token is
 * sent.
 */
function pathOf(reference: string): string | undefined {
  const path = URL.canParse(reference) ? new URL(reference).pathname : '';
  return keyPath.test(path) ? path : undefined;
}

/** Each Azure cloud has its own audience for vaults: `https://acme.vault.usgovcloudapi.net` has the second. */
const audiences = ['vault.azure.net', 'vault.usgovcloudapi.net', 'vault.azure.cn', 'managedhsm.azure.net'];

const audienceOf = (vault: string): string =>
  `https://${audiences.find((audience) => new URL(vault).hostname.endsWith(`.${audience}`)) ?? audiences[0]}`;
