import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clouds } from '../../src/clouds/index.ts';
import { type FakeCloud, json, noon, startFakeCloud, tokenNumber, visitTo } from './fake-cloud.ts';
import { accountPass, closeNetwork, federatedPass } from './outside.ts';
import { keep } from './target-arrange.ts';

const provider =
  '//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/vendor-pool/providers/vendor';
const target = { project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor' };
const service_account = 'deployer@acme-prod.iam.gserviceaccount.com';
const destinationOf = (more: object) => clouds.gcp.entry(keep('gcp', { ...target, ...more }));
const platform = 'https://www.googleapis.com/auth/cloud-platform';
const formOf = (body: string) => Object.fromEntries(new URLSearchParams(body));
const formWith = (scope: string) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  audience: provider,
  scope,
  requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  subject_token: tokenNumber(1).token,
});

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud();
  cloud.answers = [json(200, federatedPass), json(200, accountPass)];
});
afterEach(() => cloud.close());

const askedOf = () =>
  cloud.asked.map(({ method, path, headers, body }) => {
    const { accept, authorization, 'content-type': type } = headers;
    return {
      method,
      path,
      accept,
      authorization,
      type,
      body: body.startsWith('{') ? JSON.parse(body) : formOf(body),
    };
  });
const jsonType = 'application/json';
const formType = 'application/x-www-form-urlencoded';
const exchange = (scope: string) => ({
  method: 'POST',
  path: '/v1/token',
  accept: jsonType,
  authorization: undefined,
  type: formType,
  body: formWith(scope),
});

describe('the Google Cloud exchange', () => {
  test('without a service account is one call without an Authorization header, for the scopes of the target', async () => {
    const visit = visitTo(cloud.origin);
    const scopes = [
      'https://www.googleapis.com/auth/devstorage.read_only',
      'https://www.googleapis.com/auth/pubsub',
    ];
    expect(await destinationOf({ scopes }).exchange(visit)).toEqual({
      expiresAt: noon + 300_000,
      credentials: { access_token: 'ya29.federated', token_type: 'Bearer', project_number: '123456789012' },
    });
    expect(askedOf()).toEqual([exchange(scopes.join(' '))]);
    expect(visit.minted()).toBe(1);
  });

  test('with a service account exchanges the federated token for one of the account, with its scopes and lifetime', async () => {
    const scopes = ['https://www.googleapis.com/auth/pubsub'];
    const destination = destinationOf({ service_account, scopes, lifetime_seconds: 1800 });
    expect(await destination.exchange(visitTo(cloud.origin))).toEqual({
      expiresAt: noon + 3_600_000,
      credentials: { access_token: 'ya29.account', token_type: 'Bearer', project_number: '123456789012' },
    });
    expect(askedOf()).toEqual([
      exchange(platform),
      {
        method: 'POST',
        path: `/v1/projects/-/serviceAccounts/${service_account}:generateAccessToken`,
        accept: jsonType,
        authorization: 'Bearer ya29.federated',
        type: jsonType,
        body: { scope: scopes, lifetime: '1800s' },
      },
    ]);
  });

  test('calls the public endpoints of Google by default', async () => {
    const outside = await closeNetwork({
      status: 200,
      body: JSON.stringify({ ...federatedPass, ...accountPass }),
    });
    const settings = { sts_endpoint: null, iam_credentials_endpoint: null, resource_manager_endpoint: null };
    try {
      await destinationOf({ service_account }).exchange({ ...visitTo(''), settings });
      expect(outside.left.map(({ url }) => url)).toEqual([
        'https://sts.googleapis.com/v1/token',
        `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${service_account}:generateAccessToken`,
      ]);
    } finally {
      outside.close();
    }
  });

  test('calls the APIs of the universe of the target, with the same provider', async () => {
    const outside = await closeNetwork({
      status: 200,
      body: JSON.stringify({ ...federatedPass, ...accountPass }),
    });
    const settings = { sts_endpoint: null, iam_credentials_endpoint: null, resource_manager_endpoint: null };
    try {
      const destination = destinationOf({ service_account, universe_domain: 'apis-example.fr' });
      const { credentials, expiresAt } = await destination.exchange({ ...visitTo(''), settings });
      expect(credentials).toMatchObject({ universe_domain: 'apis-example.fr' });
      await destination.identify({ credentials, expiresAt }, { ...visitTo(''), settings });
      expect(outside.left.map(({ url }) => url)).toEqual([
        'https://sts.apis-example.fr/v1/token',
        `https://iamcredentials.apis-example.fr/v1/projects/-/serviceAccounts/${service_account}:generateAccessToken`,
        'https://cloudresourcemanager.apis-example.fr/v3/projects/123456789012',
      ]);
      expect(formOf(outside.left[0]!.body).audience).toBe(provider);
    } finally {
      outside.close();
    }
  });

  test('rejects a token without a lifetime', async () => {
    const { expires_in: _, ...lifeless } = federatedPass;
    cloud.answers = [json(200, lifeless)];
    await expect(destinationOf({ service_account }).exchange(visitTo(cloud.origin))).rejects.toMatchObject({
      code: 'cloud_answer_unknown',
      message: `The response of ${new URL(cloud.origin).host} has no valid expires_in.`,
    });
    expect(cloud.asked).toHaveLength(1);
  });
});
