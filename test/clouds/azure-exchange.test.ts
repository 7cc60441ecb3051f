import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clouds } from '../../src/clouds/index.ts';
import {
  type FakeCloud,
  json,
  noon,
  onlyRequest,
  refusalOf,
  startFakeCloud,
  tokenNumber,
  visitTo,
} from './fake-cloud.ts';
import { azurePass, closeNetwork, ownHeaders } from './outside.ts';
import { keep } from './target-arrange.ts';

const tenant_id = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';
const client_id = '0f0e0d0c-0b0a-4908-8706-050403020100';
const destinationOf = (target: unknown) => clouds.azure.entry(keep('azure', target));
const pass = {
  expiresAt: noon + 3_599_000,
  credentials: { access_token: 'azure-access', token_type: 'Bearer' },
};
const formOf = (body: string) => Object.fromEntries(new URLSearchParams(body));
const formWith = (scope: string) => ({
  client_id,
  scope,
  grant_type: 'client_credentials',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: tokenNumber(1).token,
});
const headersTo = (host: string, length: number) => ({
  ...ownHeaders(host, length),
  accept: 'application/json',
  'content-type': 'application/x-www-form-urlencoded',
});

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud();
  cloud.answers = [json(200, azurePass)];
});
afterEach(() => cloud.close());

describe('the Azure exchange', () => {
  test.each([
    [
      'public',
      'https://management.azure.com/.default',
      'api://AzureADTokenExchange',
      'https://login.microsoftonline.com',
    ],
    [
      'usgov',
      'https://management.usgovcloudapi.net/.default',
      'api://AzureADTokenExchangeUSGov',
      'https://login.microsoftonline.us',
    ],
    [
      'china',
      'https://management.chinacloudapi.cn/.default',
      'api://AzureADTokenExchangeChina',
      'https://login.partner.microsoftonline.cn',
    ],
  ])(
    'in environment %s requests a token for its Resource Manager from its authority',
    async (environment, scope, audience, authority) => {
      const outside = await closeNetwork({ status: 200, body: JSON.stringify(azurePass) });
      try {
        const destination = destinationOf({ tenant_id, client_id, environment });
        const visit = { ...visitTo(''), settings: noOverrides };
        expect(await destination.exchange(visit)).toEqual(pass);
        expect(destination.audience).toBe(audience);
        expect(outside.left.map((request) => ({ ...request, body: formOf(request.body) }))).toEqual([
          {
            method: 'POST',
            url: `${authority}/${tenant_id}/oauth2/v2.0/token`,
            headers: headersTo(new URL(authority).host, outside.left[0]!.body.length),
            body: formWith(scope),
          },
        ]);
      } finally {
        outside.close();
      }
    },
  );

  test('is one call without an Authorization header, for the scope of the target', async () => {
    const scope = 'https://vault.azure.net/.default';
    const visit = visitTo(`${cloud.origin}/azure/`);
    expect(await destinationOf({ tenant_id, client_id, scope }).exchange(visit)).toEqual(pass);
    const { method, path, headers, body } = onlyRequest(cloud);
    expect({ method, path, form: formOf(body) }).toEqual({
      method: 'POST',
      path: `/azure/${tenant_id}/oauth2/v2.0/token`,
      form: formWith(scope),
    });
    expect(headers).toEqual(headersTo(new URL(cloud.origin).host, body.length));
    expect(visit.minted()).toBe(1);
  });

  test.each([{}, { tenant_id }, { client_id }])(
    'fails with only %j, before a token is signed',
    async (target) => {
      const visit = visitTo(cloud.origin);
      const { code } = await refusalOf(destinationOf(target).exchange(visit));
      expect({ code, asked: cloud.asked, minted: visit.minted() }).toEqual({
        code: 'connection_incomplete',
        asked: [],
        minted: 0,
      });
    },
  );

  const claimsOf = (claims: object) =>
    json(200, {
      ...azurePass,
      access_token: `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`,
    });
  const ours = { tid: tenant_id, appid: client_id };
  const foreign = '99999999-2222-4333-8444-555555555555';
  const shared = { tenant_id, client_id, consent_redirect_uri: 'https://vendor.example/consented' };

  test.each([
    ['of the target', ours],
    ['of the target, in version 2', { tid: tenant_id, azp: client_id }],
    ['of the target, in upper case', { tid: tenant_id.toUpperCase(), appid: client_id }],
  ])('returns a token whose claims name the identity %s', async (_, claims) => {
    cloud.answers = [claimsOf(claims)];
    for (const target of [{ tenant_id, client_id }, shared])
      expect((await destinationOf(target).exchange(visitTo(cloud.origin))).expiresAt).toBe(noon + 3_599_000);
  });

  test.each([
    ['another directory', { ...ours, tid: foreign }],
    ['another application', { ...ours, appid: foreign }],
    ['no application', { tid: tenant_id }],
  ])('returns no token whose claims name %s', async (_, claims) => {
    cloud.answers = [claimsOf(claims)];
    for (const target of [{ tenant_id, client_id }, shared])
      expect((await refusalOf(destinationOf(target).exchange(visitTo(cloud.origin)))).code).toBe(
        'cloud_identity_mismatch',
      );
  });

  test.each([
    ['that cannot be read', json(200, azurePass)],
    ['without a directory', claimsOf({ appid: client_id })],
  ])('returns no token %s if all customers share the application', async (_, answer) => {
    cloud.answers = [answer];
    const refusal = await refusalOf(destinationOf(shared).exchange(visitTo(cloud.origin)));
    expect(refusal.code).toBe('cloud_identity_mismatch');
    expect(refusal.message).toBe(
      'The access token cannot be read, so it does not show whose directory it is for.',
    );
  });

  test('counts a probe that brought a token of another identity as admitted', async () => {
    cloud.answers = [claimsOf({ ...ours, tid: foreign })];
    const destination = destinationOf(shared);
    const refusal = await refusalOf(destination.exchange(visitTo(cloud.origin)));
    expect(clouds.azure.diagnosis?.interpretProbe('subject', refusal)).toBe('admitted');
  });
});

const noOverrides = { authority_host: null, resource_manager_endpoint: null };
