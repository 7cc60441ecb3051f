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
});

const noOverrides = { authority_host: null, resource_manager_endpoint: null };
