/** The fallback to STS of another region in the same geography. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CloudRequest, clouds } from '../../src/clouds/index.ts';
import { type FakeCloud, refusalOf, startFakeCloud, visitTo } from './fake-cloud.ts';
import { awsPass } from './outside.ts';
import { keep } from './target-arrange.ts';

const role = 'arn:aws:iam::111122223333:role/vendor';
const given = { status: 200, body: awsPass(), headers: { 'content-type': 'text/xml' } };
const refused = (status: number, code: string, message: string) => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
});
const down = refused(503, 'ServiceUnavailable', 'Down.');
const disabled = refused(403, 'RegionDisabledException', 'STS is not activated in this region for account.');
const denied = refused(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud();
});
afterEach(() => cloud.close());

const visit = (settings: CloudRequest['settings'] = {}): CloudRequest => {
  const plain = visitTo(cloud.origin);
  const sts_endpoint = `${cloud.origin}/{region}`;
  return {
    ...plain,
    settings: { sts_endpoint, sts_region_fallback: true, ...settings },
  };
};
const enter = (target: object = { role_arn: role, region: 'eu-central-1' }, of = visit()) =>
  clouds.aws.entry(keep('aws', target)).exchange(of);
const regions = () => cloud.asked.map(({ path }) => path.split('/')[1]);

describe('the AWS exchange falls back to another region', () => {
  test('if the first is down, with the same token and session name', async () => {
    cloud.answers = [down, given];
    expect(Object.keys((await enter()).credentials)).toEqual([
      'access_key_id',
      'secret_access_key',
      'session_token',
      'account_id',
      'region',
    ]);
    expect(regions()).toEqual(['eu-central-1', 'eu-west-1']);
    expect(cloud.asked[1]?.body).toBe(cloud.asked[0]?.body);
  });

  test('if the first never answers, within the deadline of the exchange', async () => {
    cloud.answers = ['silent', given];
    await enter();
    expect(regions()).toEqual(['eu-central-1', 'eu-west-1']);
  });

  test('if the customer has not enabled the first', async () => {
    cloud.answers = [disabled, given];
    await enter();
    expect(regions()).toEqual(['eu-central-1', 'eu-west-1']);
  });

  test.each([
    ['us-east-1', 'us-west-2'],
    ['us-west-1', 'us-east-1'],
    ['ca-central-1', 'us-east-1'],
    ['eu-west-1', 'eu-central-1'],
    ['me-south-1', 'eu-west-1'],
    ['ap-southeast-1', 'ap-northeast-1'],
  ])('from %s to %s', async (region, other) => {
    cloud.answers = [down, given];
    await enter({ role_arn: role, region });
    expect(regions()).toEqual([region, other]);
  });

  test.each([
    ['aws-cn', 'cn-north-1', 'cn-northwest-1'],
    ['aws-us-gov', 'us-gov-east-1', 'us-gov-west-1'],
  ])('in partition %s from %s to %s, which shares its IAM', async (partition, region, other) => {
    cloud.answers = [down, given];
    await enter({ role_arn: role.replace('aws', partition), region });
    expect(regions()).toEqual([region, other]);
  });
});

describe('the AWS exchange calls no other region', () => {
  test('if the region of the target refuses', async () => {
    cloud.answers = [denied];
    expect((await refusalOf(enter())).code).toBe('cloud_trust_refused');
    expect(regions()).toEqual(['eu-central-1']);
  });

  test.each<[string, CloudRequest['settings']]>([
    ['the operator forbids it', { sts_region_fallback: false }],
    ['all regions have one endpoint', { sts_endpoint: '' }],
  ])('if %s', async (_, aws) => {
    cloud.answers = [down];
    const { code } = await refusalOf(
      enter(undefined, visit(aws.sts_endpoint === '' ? { sts_endpoint: `${cloud.origin}/all` } : aws)),
    );
    expect(code).toBe('cloud_unavailable');
    expect(new Set(regions()).size).toBe(1);
  });

  test('if the partition has only one region', async () => {
    cloud.answers = [down];
    const target = { role_arn: role.replace('aws', 'aws-eusc'), region: 'eusc-de-east-1' };
    expect((await refusalOf(enter(target))).code).toBe('cloud_unavailable');
    expect(new Set(regions())).toEqual(new Set(['eusc-de-east-1']));
  });
});

test('the AWS exchange reports the outage of the target region if the fallback region refuses', async () => {
  cloud.answers = [down, denied, down];
  const { code, status } = await refusalOf(enter());
  expect([code, status]).toEqual(['cloud_unavailable', 503]);
  expect(regions()).toEqual(['eu-central-1', 'eu-west-1', 'eu-central-1']);
});
