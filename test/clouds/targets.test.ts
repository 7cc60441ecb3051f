import { describe, expect, test } from '@jest/globals';
import { clouds, diagnosisOf } from '../../src/clouds/index.ts';
import { faultsOf, keep } from './target-arrange.ts';

const role = 'arn:aws:iam::123456789012:role/acme';
const deny = { Effect: 'Deny', Action: 's3:DeleteObject', Resource: '*' };

/** The functions of every destination. */
const functions = { exchange: expect.any(Function), identify: expect.any(Function) };

test.each([
  ['aws', 'api://AzureADTokenExchange', 15],
  ['azure', 'sts.amazonaws.com', 600],
  ['gcp', 'sts.amazonaws.com', 90],
] as const)('a probe of %s has the audience %s, and a change takes %d s', (cloud, wrongAudience, seconds) => {
  expect(diagnosisOf(cloud)).toMatchObject({ wrongAudience, propagation: { seconds } });
});

describe('the AWS target', () => {
  test('may be empty at first, and then has no region', () => {
    expect(keep('aws', {})).toEqual({ duration_seconds: 3600 });
  });

  test.each([
    [role, 'us-east-1'],
    ['arn:aws-cn:iam::123456789012:role/acme', 'cn-north-1'],
    ['arn:aws-us-gov:iam::123456789012:role/team/deep/acme', 'us-gov-west-1'],
    ['arn:aws-eusc:iam::123456789012:role/acme', 'eusc-de-east-1'],
  ])('of role %s defaults to region %s', (role_arn, region) => {
    expect(keep('aws', { role_arn })).toEqual({ role_arn, region, duration_seconds: 3600 });
  });

  test('keeps all fields', () => {
    const target = {
      role_arn: 'arn:aws:iam::123456789012:role/sojourn/acme@prod',
      region: 'ap-southeast-2',
      duration_seconds: 900,
      session_policy: JSON.stringify({ Version: '2012-10-17', Statement: [deny] }),
      session_tags: { Team: 'blue team', Stufe: 'größer', empty: '' },
      source_identity: 'acme-prod',
    };
    expect(keep('aws', target)).toEqual(target);
    expect(keep('aws', keep('aws', target))).toEqual(target);
  });

  test('stores a session policy object as compact JSON', () => {
    expect(keep('aws', { session_policy: { Statement: [deny] } })).toEqual({
      duration_seconds: 3600,
      session_policy: '{"Statement":[{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"}]}',
    });
  });

  test.each([
    'arn:aws:iam::123456789012:user/acme',
    'arn:aws-iso:iam::123456789012:role/acme',
    'arn:aws:iam::12345678901:role/acme',
    'arn:aws:iam::123456789012:role/',
    'arn:aws:iam::123456789012:role/*',
    'arn:aws:iam::123456789012:role/*/acme',
    'arn:aws:iam::123456789012:role/acme\n',
    'arn:aws:iam::123456789012:role/a b',
    ' arn:aws:iam::123456789012:role/acme',
    `arn:aws:iam::123456789012:role/${'a'.repeat(65)}`,
  ])('rejects the role %j', (role_arn) => {
    expect(faultsOf('aws', { role_arn })).toEqual([
      {
        path: 'target.role_arn',
        message:
          'must be the ARN of a role, arn:PARTITION:iam::ACCOUNT:role/NAME, in aws, aws-cn, aws-us-gov or aws-eusc',
      },
    ]);
  });

  test('rejects a role ARN of more than 2,048 characters', () => {
    expect(faultsOf('aws', { role_arn: `arn:aws:iam::123456789012:role/${'a/'.repeat(1020)}acme` })).toEqual([
      { path: 'target.role_arn', message: 'must be 2048 characters at most' },
    ]);
  });

  test.each([
    [role, 'cn-north-1'],
    [role, 'us-gov-west-1'],
    [role, 'eusc-de-east-1'],
    ['arn:aws-cn:iam::123456789012:role/acme', 'us-east-1'],
    ['arn:aws-us-gov:iam::123456789012:role/acme', 'us-west-2'],
    ['arn:aws-eusc:iam::123456789012:role/acme', 'eu-central-1'],
  ])('rejects role %s in region %s', (role_arn, region) => {
    expect(faultsOf('aws', { role_arn, region })).toEqual([
      { path: 'target.region', message: 'must be a region of the partition that role_arn names' },
    ]);
  });

  test.each(['mars', 'us-east-1.evil.example', 'us-east-1/', 'US-EAST-1', 'aws-global', ''])(
    'refuses the region %j',
    (region) => {
      expect(faultsOf('aws', { region })).toEqual([
        { path: 'target.region', message: 'must be the name of a region, such as eu-central-1' },
      ]);
    },
  );

  test.each([
    [899, 'must be 900 seconds or more'],
    [43_201, 'must be 43200 seconds at most'],
    [900.5, 'must be a whole number of seconds'],
  ])('rejects a duration of %p seconds', (duration_seconds, message) => {
    expect(faultsOf('aws', { duration_seconds })).toEqual([{ path: 'target.duration_seconds', message }]);
  });

  test.each([
    ['no JSON', 'must be an IAM policy: a JSON object with a Statement'],
    ['[]', 'must be an IAM policy: a JSON object with a Statement'],
    ['{"Version":"2012-10-17"}', 'must have a Statement'],
    [{ Statement: [] }, 'must have a Statement'],
    ['{"Statement":"all"}', 'must be valid, but Statement[0] is no object'],
    [{ Version: '2012-10-18', Statement: deny }, 'must have the Version 2012-10-17'],
    [{ Statement: deny, Statements: [] }, 'must not have the member Statements'],
    [
      {
        Statement: [
          { ...deny, Sid: 'a' },
          { ...deny, Sid: 'a' },
        ],
      },
      'must not use a Sid twice',
    ],
    [{ Statement: deny, Id: 'x'.repeat(2048) }, 'must be 2048 characters at most'],
    [JSON.stringify({ Statement: deny }).padEnd(2049), 'must be 2048 characters at most'],
    [{ Statement: deny, Id: '日本' }, 'must contain only Latin-1 characters; write others as \\uXXXX'],
  ])('rejects the session policy %j', (session_policy, message) => {
    expect(faultsOf('aws', { session_policy })).toEqual([{ path: 'target.session_policy', message }]);
  });

  test.each([
    ['Effect is allow', { Effect: 'allow' }, 'has an Effect that is neither Allow nor Deny'],
    ['Effect is missing', { Effect: undefined }, 'has an Effect that is neither Allow nor Deny'],
    ['Sid has a space', { Sid: 'no objects' }, 'has a Sid with other characters than letters and digits'],
    ['a Principal is named', { Principal: '*' }, 'has the member Principal'],
    ['a member is unknown', { Conditions: {} }, 'has the member Conditions'],
    ...[undefined, [], 'GetObject', 7].map(
      (Action) =>
        [
          `Action is ${JSON.stringify(Action)}`,
          { Action },
          'needs either Action or NotAction, with actions such as s3:GetObject',
        ] as const,
    ),
    [
      'Action and NotAction are given',
      { NotAction: 's3:PutObject' },
      'needs either Action or NotAction, with actions such as s3:GetObject',
    ],
    ...[undefined, [], 'bucket', {}].map(
      (Resource) =>
        [
          `Resource is ${JSON.stringify(Resource)}`,
          { Resource },
          'needs either Resource or NotResource, with ARNs or *',
        ] as const,
    ),
    [
      'an operator is unknown',
      { Condition: { StringEqual: { 'aws:SourceVpc': 'vpc-1' } } },
      'has an invalid Condition.StringEqual: IAM knows no such condition.',
    ],
    [
      'a condition key has no prefix',
      { Condition: { StringEquals: { SourceVpc: 'vpc-1' } } },
      'has an invalid Condition.StringEquals: The key SourceVpc has no prefix.',
    ],
    ['Condition is a list', { Condition: [] }, 'has an invalid Condition: It is no object.'],
  ])('rejects a session policy in which %s', (_title, members, message) => {
    const session_policy = { Version: '2012-10-17', Statement: [deny, { ...deny, ...members }] };
    expect(faultsOf('aws', { session_policy })).toEqual([
      { path: 'target.session_policy', message: `must be valid, but Statement[1] ${message}` },
    ]);
  });

  test.each([
    { NotAction: 's3:*', Action: undefined },
    { Action: ['s3:Get*', '*', 'ec2:Describe?ags'] },
    { NotResource: ['arn:aws:s3:::b/*'], Resource: undefined },
    { Sid: '', Effect: 'Allow' },
    {
      Condition: {
        'ForAnyValue:StringLikeIfExists': { 'aws:TagKeys': ['a', 'b*'] },
        Bool: { 'aws:SecureTransport': false },
      },
    },
  ])('accepts a session policy with the members %j', (members) => {
    expect(faultsOf('aws', { session_policy: { Id: 'x', Statement: { ...deny, ...members } } })).toEqual([]);
  });

  test.each([
    [{ '': 'x' }, 'target.session_tags.', 'the key must not be empty'],
    [{ 'aws:x': 'x' }, 'target.session_tags.aws:x', 'the key must not begin with aws:, which AWS reserves'],
    [{ 'AWS:x': 'x' }, 'target.session_tags.AWS:x', 'the key must not begin with aws:, which AWS reserves'],
    [
      { 'a*': 'x' },
      'target.session_tags.a*',
      'the key may contain only letters, digits, spaces and _ . : / = + - @',
    ],
    [{ a: '*' }, 'target.session_tags.a', 'may contain only letters, digits, spaces and _ . : / = + - @'],
    [{ a: 'x'.repeat(257) }, 'target.session_tags.a', 'must be 256 characters at most'],
    [
      { Team: 'x', team: 'y' },
      'target.session_tags',
      'two keys differ only in case, which AWS treats as one key',
    ],
    [
      Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'v'])),
      'target.session_tags',
      'must be 50 tags at most',
    ],
    [
      Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v'.repeat(256)])),
      'target.session_tags',
      'must be 12000 bytes at most in total, because AWS limits the length of a token',
    ],
  ])('rejects the session tags %j', (session_tags, path, message) => {
    expect(faultsOf('aws', { session_tags })).toEqual([{ path, message }]);
  });

  test('rejects a tag key of more than 128 characters', () => {
    const key = 'k'.repeat(129);
    expect(faultsOf('aws', { session_tags: { [key]: 'v' } })).toEqual([
      { path: `target.session_tags.${key}`, message: 'the key must be 128 characters at most' },
    ]);
  });

  test.each(['a', 'a/b', 'a:b', 'a'.repeat(65), 'a b'])(
    'refuses the source identity %j',
    (source_identity) => {
      expect(faultsOf('aws', { source_identity })).toEqual([
        { path: 'target.source_identity', message: 'must be 2 to 64 letters, digits or + = , . @ _ -' },
      ]);
    },
  );

  test('reports all faults together and rejects unknown fields', () => {
    const target = {
      role_arn: role,
      region: 'cn-north-1',
      duration_seconds: 1,
      role: 'x',
      source_identity: '*',
    };
    expect(faultsOf('aws', target)).toEqual([
      { path: 'target.duration_seconds', message: 'must be 900 seconds or more' },
      { path: 'target.source_identity', message: 'must be 2 to 64 letters, digits or + = , . @ _ -' },
      { path: 'target.role', message: 'is not known here' },
      { path: 'target.region', message: 'must be a region of the partition that role_arn names' },
    ]);
  });

  test('results in a token that is bound to the role and has tags as lists of one value', () => {
    const destination = clouds.aws.entry(
      keep('aws', { role_arn: role, session_tags: { Team: 'blue' }, source_identity: 'acme' }),
    );
    expect(destination).toEqual({
      audience: 'sts.amazonaws.com',
      algorithms: ['ES256', 'RS256'],
      claims: {
        'https://aws.amazon.com/roles': [role],
        'https://aws.amazon.com/tags': { principal_tags: { Team: ['blue'] } },
        'https://aws.amazon.com/source_identity': 'acme',
      },
      missingFields: [],
      sharedPrincipalFields: [],
      ...functions,
    });
  });

  test('has a reduced form without tags and source identity, if it has any of them', () => {
    const plain = { role_arn: role, region: 'us-east-1', duration_seconds: 3600 };
    const { reduce } = diagnosisOf('aws');
    expect(reduce?.({ ...plain, session_tags: { Team: 'blue' }, source_identity: 'acme' })).toEqual({
      target: plain,
      cause: {
        condition: 'session_tags',
        detail: expect.stringContaining('sts:TagSession or sts:SetSourceIdentity'),
        advice: expect.any(String),
      },
    });
    expect(reduce?.({ ...plain, source_identity: 'acme' })?.target).toEqual(plain);
    expect(reduce?.({ ...plain, session_tags: {} })).toBeUndefined();
  });

  test('has role_arn as missing field without a role', () => {
    const { missingFields, claims } = clouds.aws.entry(keep('aws', { session_tags: {} }));
    expect({ missingFields, claims }).toEqual({ missingFields: ['role_arn'], claims: {} });
  });
});

describe('the Azure target', () => {
  const tenant_id = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';
  const client_id = '0f0e0d0c-0b0a-4908-8706-050403020100';

  test.each([
    ['public', 'https://management.azure.com/.default', 'api://AzureADTokenExchange'],
    ['usgov', 'https://management.usgovcloudapi.net/.default', 'api://AzureADTokenExchangeUSGov'],
    ['china', 'https://management.chinacloudapi.cn/.default', 'api://AzureADTokenExchangeChina'],
  ])('has the scope and audience of %s', (environment, scope, audience) => {
    const target = keep('azure', { tenant_id, client_id, environment });
    expect(target).toEqual({ tenant_id, client_id, environment, scope });
    expect(clouds.azure.entry(target)).toEqual({
      audience,
      algorithms: ['RS256'],
      claims: {},
      missingFields: [],
      sharedPrincipalFields: [],
      ...functions,
    });
  });

  test('may have no identity at first', () => {
    const target = keep('azure', {});
    expect(target).toEqual({ environment: 'public', scope: 'https://management.azure.com/.default' });
    expect(clouds.azure.entry(target).missingFields).toEqual(['tenant_id', 'client_id']);
  });

  test('converts GUIDs to lower case, as Entra does', () => {
    const given = { tenant_id: tenant_id.toUpperCase(), client_id: client_id.toUpperCase() };
    expect(keep('azure', given)).toMatchObject({ tenant_id, client_id });
  });

  test.each([
    ['tenant_id', 'acme.onmicrosoft.com', 'must be the GUID of the directory, not one of its domain names'],
    ['tenant_id', `${tenant_id}/../x`, 'must be the GUID of the directory, not one of its domain names'],
    ['tenant_id', '', 'must be the GUID of the directory, not one of its domain names'],
    ['client_id', `{${client_id}}`, 'must be the GUID of the application or managed identity'],
    ['environment', 'germany', 'must be public, usgov, china, usnat or ussec'],
    ['scope', 'https://vault.azure.net', 'must be one resource followed by /.default'],
    ['scope', 'https://a.net/.default https://b.net/.default', 'must be one resource followed by /.default'],
    ['scope', `https://${'a'.repeat(256)}/.default`, 'must be 256 characters at most'],
    [
      'scope',
      'https://management.chinacloudapi.cn/.default',
      'must not be a resource of another environment; omit it to use the resource manager of this one',
    ],
  ])('rejects the %s %.60j', (field, value, message) => {
    expect(faultsOf('azure', { [field]: value })).toEqual([{ path: `target.${field}`, message }]);
  });

  test('reports all faults together and rejects unknown fields', () => {
    const target = {
      tenant_id: 'x',
      client_id: 'y',
      client_secret: 'z',
      scope: 'https://management.chinacloudapi.cn/.default',
    };
    expect(faultsOf('azure', target).map(({ path }) => path)).toEqual([
      'target.tenant_id',
      'target.client_id',
      'target.client_secret',
      'target.scope',
    ]);
  });
});

describe('the GCP target', () => {
  const least = { project_number: '123456789012', pool_id: 'sojourn-pool', provider_id: 'sojourn' };
  const service_account = 'deployer@acme-prod.iam.gserviceaccount.com';
  const scopes = ['https://www.googleapis.com/auth/cloud-platform'];

  test('needs only the provider', () => {
    const target = keep('gcp', least);
    expect(target).toEqual({ ...least, scopes });
    expect(clouds.gcp.entry(target)).toEqual({
      audience:
        'https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sojourn-pool/providers/sojourn',
      algorithms: ['ES256', 'RS256'],
      claims: {},
      missingFields: [],
      sharedPrincipalFields: [],
      ...functions,
    });
  });

  test('defaults to one hour for tokens of a service account', () => {
    expect(keep('gcp', { ...least, service_account })).toEqual({
      ...least,
      scopes,
      service_account,
      lifetime_seconds: 3600,
    });
  });

  test('accepts up to twelve hours for a service account', () => {
    expect(keep('gcp', { ...least, service_account, lifetime_seconds: 43_200 })).toMatchObject({
      lifetime_seconds: 43_200,
    });
  });

  test('without a service account sets the lifetime of our token, because Google limits its own to it', () => {
    const { tokenSeconds } = clouds.gcp.entry(keep('gcp', { ...least, lifetime_seconds: 1800 }));
    expect(tokenSeconds).toBe(1800);
  });

  test('accepts a project number as a JSON number', () => {
    expect(keep('gcp', { ...least, project_number: 123456789012 })).toEqual({ ...least, scopes });
  });

  test('keeps the audience under the 180 characters that Google advises', () => {
    const longest = { project_number: '9'.repeat(19), pool_id: 'p'.repeat(32), provider_id: 'q'.repeat(32) };
    expect(clouds.gcp.entry(keep('gcp', longest)).audience.length).toBeLessThan(180);
  });

  const projectId =
    "must be the project's number, not its id: gcloud projects describe PROJECT_ID --format='value(projectNumber)'";
  const id = 'must be 4 to 32 lower-case letters, digits or hyphens';
  test.each([
    ['project_number', 'acme-prod', projectId],
    ['project_number', '0123', projectId],
    ['project_number', '1/../2', projectId],
    ['project_number', 1.5, 'must be a string of digits'],
    ['pool_id', 'abc', id],
    ['pool_id', 'Pool', id],
    ['pool_id', 'a'.repeat(33), id],
    ['pool_id', 'a/providers/b', id],
    ['pool_id', 'gcp-pool', 'must not begin with gcp-, which Google reserves'],
    ['provider_id', 'abc', id],
    ['provider_id', 'gcp-provider', 'must not begin with gcp-, which Google reserves'],
    ['service_account', 'somebody@gmail.com', 'must be the e-mail address of a service account'],
    [
      'service_account',
      'a@b.iam.gserviceaccount.com:signJwt',
      'must be the e-mail address of a service account',
    ],
    ['service_account', '../x@b.iam.gserviceaccount.com', 'must be the e-mail address of a service account'],
    ['scopes', [], 'must name one scope or more'],
    ['scopes', Array.from({ length: 21 }, (_, index) => `s${index}`), 'must be 20 scopes at most'],
    ['lifetime_seconds', 299, 'must be 300 seconds or more'],
    ['lifetime_seconds', 3601, 'must be 3600 seconds at most without a service_account'],
  ])('rejects the %s %j', (field, value, message) => {
    expect(faultsOf('gcp', { ...least, [field]: value })).toEqual([{ path: `target.${field}`, message }]);
  });

  test('rejects more than twelve hours for a service account', () => {
    expect(faultsOf('gcp', { ...least, service_account, lifetime_seconds: 43_201 })).toEqual([
      { path: 'target.lifetime_seconds', message: 'must be 43200 seconds at most' },
    ]);
  });

  test('rejects two scopes in one string', () => {
    expect(faultsOf('gcp', { ...least, scopes: ['a b'] })).toEqual([
      { path: 'target.scopes.0', message: 'must be one scope' },
    ]);
  });

  test('reports all faults together and rejects unknown fields', () => {
    expect(faultsOf('gcp', { pool_id: 'p', lifetime_seconds: 7200, key: '{}' })).toEqual([
      { path: 'target.project_number', message: 'is missing' },
      { path: 'target.pool_id', message: id },
      { path: 'target.provider_id', message: 'is missing' },
      { path: 'target.key', message: 'is not known here' },
      { path: 'target.lifetime_seconds', message: 'must be 3600 seconds at most without a service_account' },
    ]);
  });
});

describe('the fields that real connections need', () => {
  const pool = { project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor' };
  const guid = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';
  const bases = { aws: { role_arn: role }, azure: { tenant_id: guid, client_id: guid }, gcp: pool } as const;

  test.each(['aws', 'azure', 'gcp'] as const)(
    'an own audience at %s is the audience of its tokens',
    (cloud) => {
      const audience = 'https://example.org/own-audience';
      expect(clouds[cloud].entry(keep(cloud, { ...bases[cloud], audience })).audience).toBe(audience);
      expect(
        [
          '',
          'a b',
          'a"b',
          'x'.repeat(256),
          'urn:sojourn:api',
          'URN:Sojourn:x',
          diagnosisOf(cloud).wrongAudience,
          7,
        ].map((wrong) => faultsOf(cloud, { ...bases[cloud], audience: wrong }).map(({ path }) => path)),
      ).toEqual(Array.from({ length: 8 }, () => ['target.audience']));
    },
  );

  test('a chained role is in the partition of the first one, and limits the duration', () => {
    const chained_role_arn = 'arn:aws:iam::444455556666:role/inner';
    expect(faultsOf('aws', { role_arn: role, chained_role_arn, external_id: 'acme' })).toEqual([]);
    expect(faultsOf('aws', { role_arn: role, external_id: 'acme' })).toEqual([
      { path: 'target.external_id', message: 'must be given with chained_role_arn only' },
    ]);
    expect(faultsOf('aws', { role_arn: role, chained_role_arn: role })).toEqual([
      { path: 'target.chained_role_arn', message: 'must be another role than role_arn' },
    ]);
    expect(faultsOf('aws', { role_arn: role, chained_role_arn, duration_seconds: 3601 })).toEqual([
      { path: 'target.duration_seconds', message: 'must be 3600 seconds at most with chained_role_arn' },
    ]);
    expect(
      faultsOf('aws', { role_arn: role, chained_role_arn: 'arn:aws-cn:iam::444455556666:role/x' }),
    ).toEqual([{ path: 'target.chained_role_arn', message: 'must be in the partition of role_arn' }]);
    for (const external_id of ['a', 'a b', 'x'.repeat(1225)])
      expect(faultsOf('aws', { role_arn: role, chained_role_arn, external_id })).toHaveLength(1);
  });

  test('transitive tag keys are keys of the session tags, each once', () => {
    const fault = (index: number) => ({
      path: `target.transitive_tag_keys.${index}`,
      message: 'must be a key of session_tags, named once',
    });
    const session_tags = { Team: 'x', Stage: 'y' };
    expect(faultsOf('aws', { session_tags, transitive_tag_keys: ['Team', 'Stage'] })).toEqual([]);
    expect(faultsOf('aws', { session_tags, transitive_tag_keys: ['Team', 'team', 'Team'] })).toEqual([
      fault(1),
      fault(2),
    ]);
    expect(faultsOf('aws', { transitive_tag_keys: ['constructor'] })).toEqual([fault(0)]);
  });

  test.each(['a', 'a b', 'a/b', 'x'.repeat(65)])('the session name %j is refused', (role_session_name) => {
    expect(faultsOf('aws', { role_session_name }).map(({ path }) => path)).toEqual([
      'target.role_session_name',
    ]);
  });

  test.each([
    ['usnat', 'api://AzureADTokenExchangeUSNat', 'https://management.azure.eaglex.ic.gov/.default'],
    ['ussec', 'api://AzureADTokenExchangeUSSec', 'https://management.azure.microsoft.scloud/.default'],
  ])('the Azure environment %s has the audience %s and the scope %s', (environment, audience, scope) => {
    const target = keep('azure', { ...bases.azure, environment }) as { scope: string };
    expect([clouds.azure.entry(target).audience, target.scope]).toEqual([audience, scope]);
  });

  test.each([
    ['public', 'https://management.core.usgovcloudapi.net/.default'],
    ['public', 'https://management.core.chinacloudapi.cn//.default'],
    ['public', 'https://graph.microsoft.us/.default'],
    ['usgov', 'https://management.core.windows.net/.default'],
    ['usgov', 'https://ossrdbms-aad.database.windows.net/.default'],
    ['china', 'https://vault.usgovcloudapi.net/.default'],
    ['usnat', 'https://management.azure.com/.default'],
  ])('at Azure %s the scope %s belongs to another environment', (environment, scope) => {
    const fault = {
      path: 'target.scope',
      message:
        'must not be a resource of another environment; omit it to use the resource manager of this one',
    };
    expect(faultsOf('azure', { ...bases.azure, environment, scope })).toEqual([fault]);
  });

  test.each([
    ['usgov', 'https://management.core.usgovcloudapi.net/.default'],
    ['usgov', 'https://storage.azure.com/.default'],
    ['china', 'https://servicebus.azure.net/.default'],
    ['public', 'api://management.usgovcloudapi.net.example/.default'],
    ['public', '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default'],
  ])('at Azure %s the scope %s is accepted', (environment, scope) => {
    expect(faultsOf('azure', { ...bases.azure, environment, scope })).toEqual([]);
  });

  test.each(['googleapis', 'https://apis-s3ns.fr', 'Apis.fr', 'apis-s3ns.fr/'])(
    'the universe %j is refused',
    (universe_domain) => {
      expect(faultsOf('gcp', { ...pool, universe_domain }).map(({ path }) => path)).toEqual([
        'target.universe_domain',
      ]);
    },
  );
});
