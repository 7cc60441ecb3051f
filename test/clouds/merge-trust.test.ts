/** The jq programs on trust policies of existing roles: they remove only the intended principals. */
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import {
  addStatement,
  connectionStatement,
  replaceStatements,
  trustCommands,
} from '../../src/clouds/aws/merge-trust.ts';

const arn = 'arn:aws:iam::111122223333:role/vendor';
const issuer = 'https://id.example.com';
const federated = 'arn:aws:iam::111122223333:oidc-provider/id.example.com';
const saml = 'arn:aws:iam::111122223333:saml-provider/acme';
const audience = 'sts.amazonaws.com';
const connection = { id: 'con_a', name: 'acme', subject: 'con_a' };
const facts = { issuer, audience, subject: 'con_a', connection } as unknown as Parameters<
  typeof trustCommands
>[1];
const target = { role_arn: arn } as unknown as Parameters<typeof trustCommands>[0];
const ours = connectionStatement(target, facts, federated);

const [sub, aud] = ['id.example.com:sub', 'id.example.com:aud'];
const statement = (Condition: object | undefined, more: object = {}) => ({
  Effect: 'Allow',
  Principal: { Federated: federated },
  Action: 'sts:AssumeRoleWithWebIdentity',
  ...(Condition ? { Condition } : {}),
  ...more,
});
const root = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::999988887777:root' },
  Action: 'sts:AssumeRole',
};
const deletedRole = 'AROAEXAMPLEID12345678';
const denied = statement(undefined, { Effect: 'Deny', Action: 'sts:TagSession' });

function changed(program: string, Statement: unknown): unknown[] {
  const [, change] = trustCommands(target, facts, { arn, program });
  const trust = JSON.stringify({ Version: '2012-10-17', Statement });
  const out = execFileSync('sh', ['-c', `${change}; printf %s "$trust"`], {
    env: { PATH: process.env.PATH, trust },
    encoding: 'utf8',
  });
  return (JSON.parse(out) as { Statement: unknown[] }).Statement;
}

describe.each([
  ['addStatement', addStatement],
  ['replaceStatements', replaceStatements],
])('the jq program %s', (_, program) => {
  test.each<[string, unknown, unknown[]]>([
    ['no statement', [], []],
    ['a single statement instead of a list', root, [root]],
    ['others and a Deny', [root, denied], [root, denied]],
    ['a deleted role', [{ ...root, Principal: { AWS: deletedRole } }], []],
    [
      'an account and a deleted role',
      { ...root, Principal: { AWS: [deletedRole, '999988887777'] } },
      [{ ...root, Principal: { AWS: ['999988887777'] } }],
    ],
    ['our statement under another Sid', [{ ...ours, Sid: 'Before' }, root], [root]],
    ['an older version of our statement', [{ ...ours, Condition: {} }, root], [root]],
  ])('keeps the other statements of a policy with %s', (_name, before, kept) => {
    expect(changed(program, before)).toEqual([...kept, ours]);
  });
});

describe.each([
  ['addStatement', addStatement],
  ['replaceStatements', replaceStatements],
])('the jq program %s stops at a restriction:', (_, program) => {
  const own = { StringEquals: { [aud]: audience, [sub]: 'con_a' } };
  const moreConditions = (keys: string) =>
    `A statement for this connection has more conditions: ${keys}. Nothing was changed. Change or remove them yourself if they keep the connection out.`;
  const covered = (names: string) =>
    `A Deny covers this connection: ${names}. Nothing was changed. Except the subject in it, or remove it, if it keeps the connection out.`;
  const deny = (Condition?: object, more: object = {}) =>
    statement(Condition, { Effect: 'Deny', Principal: '*', Action: 'sts:*', ...more });
  const office = { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } };
  test.each<[string, unknown, string]>([
    ['an address', statement({ ...own, ...office }), moreConditions('aws:sourceip')],
    [
      'an address, under our Sid',
      [{ ...ours, Condition: { ...own, ...office } }],
      moreConditions('aws:sourceip'),
    ],
    [
      'two keys in two statements',
      [
        statement({ ...own, ...office }),
        { ...ours, Condition: { ...own, Null: { 'aws:TokenIssueTime': 'true' } } },
      ],
      moreConditions('aws:sourceip, aws:tokenissuetime'),
    ],
    [
      'an address, with any subject',
      statement({ StringEquals: { [aud]: audience }, ...office }),
      moreConditions('aws:sourceip'),
    ],
    ['a Deny of everybody', [root, deny()], covered('a statement without Sid')],
    [
      'a Deny of our provider',
      deny(undefined, { Principal: { Federated: [saml, federated] }, Sid: 'No' }),
      covered('No'),
    ],
    [
      'a Deny outside an address',
      deny({ NotIpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }),
      covered('a statement without Sid'),
    ],
    [
      'a Deny of all but another subject',
      deny({ StringNotEquals: { [sub]: 'con_b' } }),
      covered('a statement without Sid'),
    ],
    [
      'a Deny of others than a principal',
      deny(undefined, { Principal: undefined, NotPrincipal: { AWS: '111122223333' } }),
      covered('a statement without Sid'),
    ],
    [
      'a Deny of all but other actions',
      deny(undefined, { Action: undefined, NotAction: 'iam:*' }),
      covered('a statement without Sid'),
    ],
  ])('%s', (_title, Statement, message) => {
    const [, change] = trustCommands(target, facts, { arn, program });
    const trust = JSON.stringify({ Version: '2012-10-17', Statement });
    const { status, stdout, stderr } = spawnSync('sh', ['-ec', `${change}\nprintf %s "$trust"`], {
      env: { PATH: process.env.PATH, trust },
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 5,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  test.each<[string, object]>([
    ['another connection with an address', statement({ StringEquals: { [sub]: 'con_b' }, ...office })],
    ['a Deny of all but our subject', deny({ StringNotEquals: { [sub]: ['con_a', 'con_b'] } })],
    ['a Deny of another subject', deny({ StringEquals: { [sub]: 'con_b' } })],
    ['a Deny without TLS', deny({ Bool: { 'aws:SecureTransport': 'false' } })],
    ['a Deny of another action', deny(undefined, { Action: ['sts:AssumeRole', 'iam:*'] })],
    ['a Deny of another principal', deny(undefined, { Principal: { Federated: saml } })],
  ])('but not at %s', (_title, Statement) => {
    expect(changed(program, Statement)).toEqual([Statement, ours]);
  });
});

describe('the jq program replaceStatements', () => {
  const asked = { [aud]: audience };
  const stays: [string, object][] = [
    ['another connection', { StringEquals: { ...asked, [sub]: 'con_b' } }],
    ['several connections', { StringEquals: { ...asked, [sub]: ['con_b', 'con_c'] } }],
    ['another connection without its audience', { StringEquals: { [sub]: 'con_b' } }],
    [
      'another connection with StringLike without a wildcard',
      { StringEquals: asked, StringLike: { [sub]: 'con_b' } },
    ],
    [
      'another connection with StringEqualsIgnoreCase',
      { StringEqualsIgnoreCase: { ...asked, [sub]: 'CON_B' } },
    ],
    [
      'another connection with a key in another case',
      { StringEquals: { ...asked, 'ID.example.com:SUB': 'con_b' } },
    ],
    [
      'this connection in a longer list, with its audience',
      { StringEquals: { ...asked, [sub]: ['con_a', 'con_b'] } },
    ],
  ];
  test.each(stays)('keeps a statement that names exactly %s', (_, condition) => {
    expect(changed(replaceStatements, [statement(condition)])).toEqual([statement(condition), ours]);
  });

  const goes: [string, object | undefined][] = [
    ['no condition', undefined],
    ['only the audience', { StringEquals: asked }],
    ['a wildcard', { StringEquals: asked, StringLike: { [sub]: 'con_*' } }],
    ['a single-character wildcard', { StringEquals: asked, StringLike: { [sub]: 'con_?' } }],
    ['a variable', { StringEquals: { ...asked, [sub]: '${saml:sub}' } }],
    ['a list with one wildcard', { StringEquals: asked, StringLike: { [sub]: ['con_b', '*'] } }],
    ['a condition that is true without a subject', { 'ForAllValues:StringEquals': { [sub]: 'con_b' } }],
    ['this connection without its audience', { StringEquals: { [sub]: 'con_a' } }],
    ['this connection for another audience', { StringEquals: { [aud]: 'x', [sub]: 'con_a' } }],
    ['this connection with StringLike, without its audience', { StringLike: { [sub]: 'con_a' } }],
  ];
  test.each(goes)('removes a statement with %s', (_, condition) => {
    expect(changed(replaceStatements, [root, statement(condition), denied])).toEqual([root, denied, ours]);
    const shared = statement(condition, { Principal: { Federated: [saml, federated] } });
    expect(changed(replaceStatements, [shared])).toEqual([
      { ...shared, Principal: { Federated: [saml] } },
      ours,
    ]);
  });
});
