/** A fake Azure Key Vault with the REST API 7.4, and a managed identity endpoint that issues the access tokens. */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type HeldKey, newKey, signDigest } from './held-keys.ts';
import { type Answer, type Call, localService, type Trouble } from './local-service.ts';

export const azureToken = 'eyJ.kms-test-access-token';
export const clusterToken = 'eyJ.kms-test-cluster-token';
export const identityHeader = 'kms-test-identity-header';

export async function azureVaultService() {
  const keys = new Map<string, HeldKey>();
  /** The token that the vault accepts and the one that the identity issues; while they differ, the vault challenges. */
  const tokens = { taken: azureToken, given: azureToken };
  const service = await localService('application/json; charset=utf-8', (call, trouble) => {
    if (call.headers.authorization !== `Bearer ${tokens.taken}`) return challenge();
    return perform(keys, call, trouble);
  });
  const identity = await localService('application/json', ({ url, headers, body }) => {
    if (url.endsWith('/oauth2/v2.0/token')) return entra(url, body, tokens.given);
    const asked = new URL(url, 'http://identity');
    const version = asked.searchParams.get('api-version');
    const machine = headers.metadata === 'true' && version === '2018-02-01';
    const known = machine || (headers['x-identity-header'] === identityHeader && version === '2019-08-01');
    return known && asked.searchParams.get('resource') === 'https://vault.azure.net'
      ? { status: 200, body: { access_token: tokens.given, expires_in: '86399', token_type: 'Bearer' } }
      : { status: 400, body: { error: 'invalid_request' } };
  });
  return {
    ...service,
    keys,
    identity,
    tokens,
    set: (reference: string, state: HeldKey['state']) => {
      keys.get(reference)!.state = state;
    },
  };
}

/** A fake Microsoft Entra, which accepts one assertion of one cluster. */
function entra(url: string, body: string, token: string): Answer {
  const form = Object.fromEntries(new URLSearchParams(body));
  const expected = {
    grant_type: 'client_credentials',
    client_id: 'client-of-the-pod',
    scope: 'https://vault.azure.net/.default',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: clusterToken,
  };
  return url === '/tenant-of-the-vault/oauth2/v2.0/token' && isDeepStrictEqual(form, expected)
    ? { status: 200, body: { access_token: token, expires_in: 3599, token_type: 'Bearer' } }
    : {
        status: 401,
        body: {
          error: 'invalid_client',
          error_description: `AADSTS700213: No match for ${form.client_assertion}`,
        },
      };
}

const kinds: Record<string, HeldKey['alg']> = { RSA: 'RS256', EC: 'ES256' };

function perform(keys: Map<string, HeldKey>, call: Call, trouble: Trouble): Answer {
  const { pathname, searchParams } = new URL(call.url, 'https://acme.vault.azure.net');
  const [, , name = '', version = '', verb] = pathname.split('/');
  if (searchParams.get('api-version') !== '7.4') return refusal(400, 'BadParameter', 'no api-version');
  if (trouble.throttled > 0) {
    trouble.throttled--;
    const answer = refusal(
      429,
      'Throttled',
      'Request was not processed because too many requests were received.',
    );
    return { ...answer, headers: { 'retry-after': '1' } };
  }
  if (trouble.denied)
    return refusal(
      403,
      'Forbidden',
      'Caller is not authorized to perform action on resource.',
      'ForbiddenByRbac',
    );
  if (call.method === 'POST' && version === 'create') {
    const { kty, key_size, crv, key_ops } = JSON.parse(call.body) as Record<string, unknown>;
    const alg = kinds[String(kty)];
    if (!alg || (alg === 'RS256' ? key_size !== 2048 : crv !== 'P-256') || !Array.isArray(key_ops))
      return refusal(400, 'BadParameter', 'Property has invalid value');
    const kid = `https://acme.vault.azure.net/keys/${name}/${randomBytes(16).toString('hex')}`;
    keys.set(kid, newKey(alg));
    return described(kid, keys.get(kid)!);
  }
  const kid = `https://acme.vault.azure.net/keys/${name}/${version}`;
  const key = keys.get(kid);
  if (!key || key.state === 'removed')
    return refusal(
      404,
      'KeyNotFound',
      `A key with (name/id) ${name}/${version} was not found in this key vault.`,
    );
  if (call.method === 'GET') return described(kid, key);
  if (key.state === 'disabled')
    return refusal(403, 'Forbidden', 'Operation sign is not allowed on a disabled key.', 'KeyDisabled');
  const { alg, value } = JSON.parse(call.body) as { alg: string; value: string };
  if (verb !== 'sign' || alg !== key.alg) return refusal(400, 'BadParameter', 'Key and algorithm do not fit');
  const signature = signDigest(key, Buffer.from(value, 'base64url'), 'raw', trouble.wrong);
  return { status: 200, body: { kid, value: signature.toString('base64url') } };
}

const described = (kid: string, key: HeldKey): Answer => ({
  status: 200,
  body: {
    key: { kid, ...key.publicKey.export({ format: 'jwk' }), key_ops: ['sign', 'verify'] },
    attributes: {
      enabled: key.state === 'enabled',
      recoveryLevel: 'Recoverable+Purgeable',
      exportable: false,
    },
  },
});

const refusal = (status: number, code: string, message: string, inner?: string): Answer => ({
  status,
  body: { error: { code, message, ...(inner ? { innererror: { code: inner } } : {}) } },
});

const challenge = (): Answer => ({
  ...refusal(
    401,
    'Unauthorized',
    '[BearerReadAccessTokenFailed] AKV10000: Request is missing a Bearer or PoP token.',
  ),
  headers: {
    'www-authenticate':
      'Bearer authorization="https://login.windows.net/22222222-2222-2222-2222-222222222222", resource="https://vault.azure.net"',
  },
});
