import { describe, expect, test } from '@jest/globals';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { parseConfig } from '../../../src/server/config/load.ts';

const configured = (permissions: unknown, env = {}) =>
  parseConfig(
    { issuer: 'http://127.0.0.1:1', listen: { public: '127.0.0.1:1' }, setup: { permissions } },
    env,
  ).setup.permissions;

function faultsOf(permissions: unknown): readonly string[] {
  try {
    configured(permissions);
  } catch (error) {
    if (error instanceof SojournError) return error.faults.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

const policy = (more: object = {}, statement: object = {}) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...statement }],
  ...more,
});
const reader = 'ACDD72A7-3385-48ef-bd42-f606fba81ae7';

describe('setup.permissions', () => {
  test('accepts sets for some of the clouds', () => {
    const sets = {
      'read-only': {
        aws: { managed_policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'], policy: policy() },
        azure: { roles: [reader.toLowerCase()] },
        gcp: { roles: ['roles/viewer'] },
      },
      billing: { gcp: { roles: ['roles/billing.viewer'] } },
    };
    expect(configured(sets)).toEqual(sets);
    expect(configured({ a: { azure: { roles: [reader] } } })).toEqual({
      a: { azure: { roles: [reader.toLowerCase()] } },
    });
  });

  test('is read as JSON from a variable', () => {
    const sets = { a: { gcp: { roles: ['roles/viewer'] } } };
    expect(configured({}, { SOJOURN_SETUP_PERMISSIONS: JSON.stringify(sets) })).toEqual(sets);
  });

  const at = 'setup.permissions.a';
  const faulty: [string, unknown, string][] = [
    ['a list', ['a'], 'setup.permissions: must map names to permission sets'],
    ['a name in capitals', { A: { gcp: { roles: ['roles/viewer'] } } }, 'setup.permissions.A: '],
    ['nothing granted', { a: {} }, `${at}: must grant permissions in at least one cloud`],
    ['an unknown cloud', { a: { oracle: {}, gcp: { roles: ['roles/viewer'] } } }, at],
    ['an empty grant', { a: { aws: {} } }, `${at}.aws: must have managed_policy_arns, a policy or both`],
    [
      "a policy of some customer's",
      { a: { aws: { managed_policy_arns: ['arn:aws:iam::123456789012:policy/x'] } } },
      `${at}.aws.managed_policy_arns: must be AWS managed policies, arn:aws:iam::aws:policy/…`,
    ],
    [
      'no version',
      { a: { aws: { policy: policy({ Version: '2008-10-17' }) } } },
      `${at}.aws.policy: must have the Version`,
    ],
    [
      'no statement',
      { a: { aws: { policy: policy({ Statement: [] }) } } },
      `${at}.aws.policy: must have a Statement`,
    ],
    [
      'a principal',
      { a: { aws: { policy: policy({}, { Principal: '*' }) } } },
      `${at}.aws.policy: must be valid, but Statement[0] has the member Principal`,
    ],
    [
      'a function of CloudFormation',
      { a: { aws: { policy: policy({}, { Condition: { StringEquals: { 'Fn::Sub': 'x' } } }) } } },
      `${at}.aws.policy: must not contain {{, or a member Ref or Fn::…`,
    ],
    [
      'a dynamic reference',
      {
        a: {
          aws: {
            policy: policy(
              {},
              {
                Action: ['s3:GetObject'],
                Condition: { StringEquals: { 'aws:SourceVpc': '{{resolve:ssm:x}}' } },
              },
            ),
          },
        },
      },
      `${at}.aws.policy: must not contain {{, or a member Ref or Fn::…`,
    ],
    [
      'another alphabet',
      { a: { aws: { policy: policy({}, { Condition: { StringEquals: { 'aws:SourceVpc': '日' } } }) } } },
      `${at}.aws.policy: must contain only Latin-1`,
    ],
    [
      '10 KB',
      { a: { aws: { policy: policy({}, { Sid: 'x'.repeat(10_240) }) } } },
      `${at}.aws.policy: must be 10240`,
    ],
    ['a name of a role', { a: { azure: { roles: ['Reader'] } } }, `${at}.azure.roles.0: must be the GUID`],
    ['no roles', { a: { gcp: { roles: [] } } }, `${at}.gcp.roles: must name one role or more`],
    [
      'a role of a project',
      { a: { gcp: { roles: ['projects/x/roles/y'] } } },
      `${at}.gcp.roles.0: must be a predefined role`,
    ],
  ];

  test.each(faulty)('rejects %s by name', (_title, sets, fault) => {
    expect(faultsOf(sets)).toEqual([expect.stringContaining(fault)]);
  });
});

describe('setup.templates', () => {
  test('has the form of a bucket in keys.publish', () => {
    const place = {
      to: 's3://templates',
      region: 'eu-central-1',
      connection: 'con_01m8a88jt1jrjr7p98t6njdv7n',
    };
    const templates = (given: object) =>
      parseConfig({
        issuer: 'https://id.example.com',
        trust_proxy: ['10.0.0.0/8'],
        setup: { templates: given },
      }).setup.templates;
    expect(templates(place)).toEqual(place);
    expect(() => templates({ ...place, region: undefined })).toThrow('setup.templates.region');
  });
});
