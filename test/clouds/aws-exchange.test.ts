import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CloudRequest, clouds, diagnosisOf } from '../../src/clouds/index.ts';
import {
  type FakeCloud,
  noon,
  onlyRequest,
  refusalOf,
  startFakeCloud,
  tokenNumber,
  visitTo,
} from './fake-cloud.ts';
import { awsFault, awsPass, closeNetwork, ownHeaders } from './outside.ts';
import { keep } from './target-arrange.ts';

const role = 'arn:aws:iam::111122223333:role/vendor';
const destinationOf = (target: unknown) => clouds.aws.entry(keep('aws', target));
const pass = (region = 'us-east-1') => ({
  expiresAt: noon + 3_600_000,
  credentials: {
    access_key_id: 'ASIAKEY',
    secret_access_key: 'secret/key+',
    session_token: 'session//token==',
    account_id: '111122223333',
    region,
  },
});
/** Parameters of every request. */
const asked = {
  Action: 'AssumeRoleWithWebIdentity',
  Version: '2011-06-15',
  RoleArn: role,
  RoleSessionName: 'con_01jd0000000000000000000000-jti_1',
  WebIdentityToken: tokenNumber(1).token,
  DurationSeconds: '3600',
};

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud();
  cloud.answers = [{ status: 200, body: awsPass(), headers: { 'content-type': 'text/xml' } }];
});
afterEach(() => cloud.close());

const formOf = (body: string) => Object.fromEntries(new URLSearchParams(body));

/** Only the headers that the HTTP client needs. */
const bareHeaders = (host: string, length: number) => ({
  ...ownHeaders(host, length),
  'content-type': 'application/x-www-form-urlencoded',
});

describe('the AWS exchange', () => {
  test('is one unsigned call with the role, a session named after connection and token, and the token', async () => {
    const visit = visitTo(cloud.origin);
    expect(await destinationOf({ role_arn: role }).exchange(visit)).toEqual(pass());
    const { method, path, headers, body } = onlyRequest(cloud);
    expect({ method, path, form: formOf(body) }).toEqual({ method: 'POST', path: '/', form: asked });
    expect(headers).toEqual(bareHeaders(new URL(cloud.origin).host, body.length));
    expect(visit.minted()).toBe(1);
  });

  test('sends the duration and policy of the target, which are not in the token', async () => {
    const session_policy =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';
    await destinationOf({ role_arn: role, duration_seconds: 900, session_policy }).exchange(
      visitTo(cloud.origin),
    );
    expect(cloud.asked.map(({ body }) => formOf(body))).toEqual([
      { ...asked, DurationSeconds: '900', Policy: session_policy },
    ]);
  });

  test('has session tags and source identity only in the token', async () => {
    const target = { role_arn: role, session_tags: { Team: 'blue' }, source_identity: 'acme' };
    await destinationOf(target).exchange(visitTo(cloud.origin));
    expect(cloud.asked.map(({ body }) => formOf(body))).toEqual([asked]);
    expect(destinationOf(target).claims).toEqual({
      'https://aws.amazon.com/roles': [role],
      'https://aws.amazon.com/tags': { principal_tags: { Team: ['blue'] } },
      'https://aws.amazon.com/source_identity': 'acme',
    });
  });

  test('keeps the path of the endpoint, and turns any ids into a valid session name', async () => {
    const visit: CloudRequest = {
      ...visitTo(`${cloud.origin}/aws/`),
      connection: 'con:/ü',
      sign: () => Promise.resolve({ token: 'abcd', jti: 'x'.repeat(80) }),
    };
    await destinationOf({ role_arn: role }).exchange(visit);
    const { path, body } = onlyRequest(cloud);
    expect(path).toBe('/aws/');
    expect(formOf(body).RoleSessionName).toBe(`con----${'x'.repeat(57)}`);
  });

  test('has the audience, session name and transitive tags of the target', async () => {
    const target = {
      role_arn: role,
      audience: 'aws.workload.identity',
      role_session_name: 'acme-deploy',
      session_tags: { Team: 'blue', Stage: 'prod' },
      transitive_tag_keys: ['Team'],
    };
    await destinationOf(target).exchange(visitTo(cloud.origin));
    expect(formOf(onlyRequest(cloud).body)).toEqual({ ...asked, RoleSessionName: 'acme-deploy' });
    const { audience, claims } = destinationOf(target);
    expect({ audience, claims }).toEqual({
      audience: 'aws.workload.identity',
      claims: {
        'https://aws.amazon.com/roles': [role],
        'https://aws.amazon.com/tags': {
          principal_tags: { Team: ['blue'], Stage: ['prod'] },
          transitive_tag_keys: ['Team'],
        },
      },
    });
  });

  test('fails without a role, before a token is signed', async () => {
    const visit = visitTo(cloud.origin);
    const { code } = await refusalOf(destinationOf({}).exchange(visit));
    expect({ code, asked: cloud.asked, minted: visit.minted() }).toEqual({
      code: 'connection_incomplete',
      asked: [],
      minted: 0,
    });
  });

  test.each([
    ['arn:aws:iam::111122223333:role/vendor', undefined, 'https://sts.us-east-1.amazonaws.com/'],
    ['arn:aws:iam::111122223333:role/vendor', 'eu-central-1', 'https://sts.eu-central-1.amazonaws.com/'],
    ['arn:aws:iam::111122223333:role/vendor', 'ap-southeast-7', 'https://sts.ap-southeast-7.amazonaws.com/'],
    ['arn:aws-cn:iam::111122223333:role/vendor', undefined, 'https://sts.cn-north-1.amazonaws.com.cn/'],
    [
      'arn:aws-cn:iam::111122223333:role/vendor',
      'cn-northwest-1',
      'https://sts.cn-northwest-1.amazonaws.com.cn/',
    ],
    ['arn:aws-us-gov:iam::111122223333:role/vendor', undefined, 'https://sts.us-gov-west-1.amazonaws.com/'],
    [
      'arn:aws-us-gov:iam::111122223333:role/vendor',
      'us-gov-east-1',
      'https://sts.us-gov-east-1.amazonaws.com/',
    ],
    ['arn:aws-eusc:iam::111122223333:role/vendor', undefined, 'https://sts.eusc-de-east-1.amazonaws.eu/'],
  ])('of role %s in region %s calls %s', async (role_arn, region, url) => {
    const outside = await closeNetwork({ status: 200, body: awsPass() });
    try {
      expect(await destinationOf({ role_arn, region }).exchange(atHome())).toEqual(
        pass(region ?? new URL(url).host.split('.')[1]),
      );
      expect(outside.left.map((request) => ({ ...request, body: formOf(request.body) }))).toEqual([
        {
          method: 'POST',
          url,
          headers: bareHeaders(new URL(url).host, outside.left[0]!.body.length),
          body: { ...asked, RoleArn: role_arn },
        },
      ]);
    } finally {
      outside.close();
    }
  });
});

/** A request to the public endpoint of the cloud. */
const atHome = (): CloudRequest => ({ ...visitTo('http://127.0.0.1:1'), settings: { sts_endpoint: null } });

describe('the AWS exchange', () => {
  const before = { ...process.env };
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'sojourn-aws-'));
  });
  afterEach(async () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    await rm(home, { recursive: true, force: true });
  });

  test('ignores the environment of the process and the files of the AWS CLI', async () => {
    const evil = 'http://127.0.0.1:9';
    const profile = `region = eu-west-3\nendpoint_url = ${evil}\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\nsts_regional_endpoints = legacy\nmax_attempts = 9\nrole_arn = arn:aws:iam::999999999999:role/evil\nsource_profile = default\nsdk_ua_app_id = evil\n`;
    await writeFile(
      join(home, 'config'),
      `[default]\n${profile}[profile evil]\n${profile}services = evil\n[services evil]\nsts =\n  endpoint_url = ${evil}\n`,
    );
    await writeFile(
      join(home, 'credentials'),
      '[evil]\naws_access_key_id = AKIAEVIL\naws_secret_access_key = evil\n',
    );
    Object.assign(process.env, {
      HOME: home,
      AWS_CONFIG_FILE: join(home, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
      AWS_PROFILE: 'evil',
      AWS_REGION: 'eu-west-3',
      AWS_DEFAULT_REGION: 'eu-west-3',
      AWS_ENDPOINT_URL: evil,
      AWS_ENDPOINT_URL_STS: evil,
      AWS_ACCESS_KEY_ID: 'AKIAEVIL',
      AWS_SECRET_ACCESS_KEY: 'evil',
      AWS_SESSION_TOKEN: 'evil',
      AWS_ROLE_ARN: 'arn:aws:iam::999999999999:role/evil',
      AWS_ROLE_SESSION_NAME: 'evil',
      AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'config'),
      AWS_USE_FIPS_ENDPOINT: 'true',
      AWS_USE_DUALSTACK_ENDPOINT: 'true',
      AWS_STS_REGIONAL_ENDPOINTS: 'legacy',
      AWS_MAX_ATTEMPTS: '9',
      AWS_RETRY_MODE: 'adaptive',
      AWS_DEFAULTS_MODE: 'mobile',
      AWS_AUTH_SCHEME_PREFERENCE: 'sigv4a',
      AWS_SDK_UA_APP_ID: 'evil',
      AWS_EXECUTION_ENV: 'evil',
      AWS_LAMBDA_FUNCTION_NAME: 'evil',
      _X_AMZN_TRACE_ID: 'evil',
      HTTPS_PROXY: evil,
      HTTP_PROXY: evil,
      https_proxy: evil,
      http_proxy: evil,
      ALL_PROXY: evil,
    });
    // Regions that no other test has entered: their clients are made in this environment.
    const regions = ['ca-west-1', 'il-central-1'];
    const outside = await closeNetwork({ status: 200, body: awsPass() });
    try {
      for (const region of regions) await destinationOf({ role_arn: role, region }).exchange(atHome());
      expect(outside.left.map((request) => ({ ...request, body: formOf(request.body) }))).toEqual(
        regions.map((region) => ({
          method: 'POST',
          url: `https://sts.${region}.amazonaws.com/`,
          headers: bareHeaders(`sts.${region}.amazonaws.com`, outside.left[0]!.body.length),
          body: asked,
        })),
      );
    } finally {
      outside.close();
    }
    await destinationOf({ role_arn: role, region: 'me-south-1' }).exchange(visitTo(cloud.origin));
    const { headers, body } = onlyRequest(cloud);
    expect(formOf(body)).toEqual(asked);
    expect(headers).toEqual(bareHeaders(new URL(cloud.origin).host, body.length));
  });
});

describe('the AWS exchange with a chained role', () => {
  const chained_role_arn = 'arn:aws:iam::444455556666:role/path/inner';
  const session_policy =
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';
  const target = {
    role_arn: role,
    region: 'eu-central-1',
    chained_role_arn,
    external_id: 'acme:42',
    session_policy,
  };
  const inner = awsPass('2026-11-23T12:30:00Z')
    .replaceAll('AssumeRoleWithWebIdentity', 'AssumeRole')
    .replace('ASIAKEY', 'ASIAINNER');
  const refused = (message: string) => ({
    status: 403,
    headers: { 'content-type': 'text/xml' },
    body: awsFault('AccessDenied', message),
  });

  test('assumes the second role with the session of the first, and narrows only the second', async () => {
    cloud.answers = [...cloud.answers, { status: 200, body: inner }];
    expect(await destinationOf(target).exchange(visitTo(cloud.origin))).toEqual({
      expiresAt: noon + 1_800_000,
      credentials: {
        ...pass('eu-central-1').credentials,
        access_key_id: 'ASIAINNER',
        account_id: '444455556666',
      },
    });
    const [first, second] = cloud.asked;
    expect(formOf(first!.body)).toEqual(asked);
    expect(formOf(second!.body)).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: chained_role_arn,
      RoleSessionName: asked.RoleSessionName,
      DurationSeconds: '3600',
      ExternalId: 'acme:42',
      Policy: session_policy,
    });
    expect(second!.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=ASIAKEY\/20261123\/eu-central-1\/sts\/aws4_request, /,
    );
    expect(second!.headers['x-amz-security-token']).toBe('session//token==');
  });

  test.each([
    'User: arn:aws:sts::111122223333:assumed-role/vendor/s is not authorized to perform: sts:AssumeRole on resource: x',
    'User: x is not authorized to perform: sts:AssumeRole because no role trust policy allows the sts:AssumeRole action',
  ])('explains the refusal of the second role: %s', async (message) => {
    cloud.answers = [...cloud.answers, refused(message)];
    const error = await refusalOf(destinationOf(target).exchange(visitTo(cloud.origin)));
    expect(error).toMatchObject({
      code: 'cloud_trust_refused',
      message: expect.stringContaining('may not assume chained_role_arn'),
      advice: expect.stringContaining('target.external_id'),
    });
    const { remedy, interpretProbe } = diagnosisOf('aws');
    expect(remedy(keep('aws', target), { issuer: 'https://x' } as never, error)).toEqual({
      condition: 'chained_trust',
    });
    // The first role has admitted the token.
    expect(interpretProbe('subject', error)).toBe('admitted');
    expect(cloud.asked).toHaveLength(2);
  });

  test('is identified by the session of the second role', async () => {
    const { credentials, expiresAt } = pass('eu-central-1');
    const identify = (arn: string) => {
      cloud.answers = [{ status: 200, body: `<Arn>${arn}</Arn>` }];
      return destinationOf(target).identify({ credentials, expiresAt }, visitTo(cloud.origin));
    };
    const own = 'arn:aws:sts::444455556666:assumed-role/inner/s';
    expect(await identify(own)).toBe(`STS reports the session ${own}.`);
    expect(await refusalOf(identify('arn:aws:sts::111122223333:assumed-role/vendor/s'))).toMatchObject({
      code: 'cloud_identity_mismatch',
    });
  });
});
