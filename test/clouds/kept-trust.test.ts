/** What jq makes of the trust of a role that is there, whatever stands in it: nobody but who is meant is put out. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { add, addAlone, changeTrust, statementToAdd } from '../../src/clouds/aws/kept-trust.ts';

const arn = 'arn:aws:iam::111122223333:role/vendor';
const issuer = 'https://id.example.com';
const federated = 'arn:aws:iam::111122223333:oidc-provider/id.example.com';
const saml = 'arn:aws:iam::111122223333:saml-provider/acme';
const audience = 'sts.amazonaws.com';
const connection = { id: 'con_a', name: 'acme', subject: 'con_a' };
const facts = { issuer, audience, subject: 'con_a', connection } as unknown as Parameters<
  typeof changeTrust
>[1];
const target = { role_arn: arn } as unknown as Parameters<typeof changeTrust>[0];
const ours = statementToAdd(target, facts, federated);

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
const denied = statement(undefined, { Effect: 'Deny' });

function changed(program: string, Statement: unknown): unknown[] {
  const [, change] = changeTrust(target, facts, { arn, program });
  const trust = JSON.stringify({ Version: '2012-10-17', Statement });
  const out = execFileSync('sh', ['-c', `${change}; printf %s "$trust"`], {
    env: { PATH: process.env.PATH, trust },
    encoding: 'utf8',
  });
  return (JSON.parse(out) as { Statement: unknown[] }).Statement;
}

describe.each([
  ['to let us in', add],
  ['to let us in and no stranger of this issuer', addAlone],
])('a change %s', (_, program) => {
  test.each<[string, unknown, unknown[]]>([
    ['no statement', [], []],
    ['one that is no list', root, [root]],
    ['others and a Deny', [root, denied], [root, denied]],
    ['ours, of any Sid', [{ ...ours, Sid: 'Before' }, root], [root]],
    ['an older one of ours', [{ ...ours, Condition: {} }, root], [root]],
  ])('of %s leaves the others as they are', (_name, before, kept) => {
    expect(changed(program, before)).toEqual([...kept, ours]);
  });
});

describe('strangers of this issuer', () => {
  const asked = { [aud]: audience };
  const stays: [string, object][] = [
    ['another connection', { StringEquals: { ...asked, [sub]: 'con_b' } }],
    ['several', { StringEquals: { ...asked, [sub]: ['con_b', 'con_c'] } }],
    ['another without its audience, which is not ours to judge', { StringEquals: { [sub]: 'con_b' } }],
    ['another by StringLike without a wildcard', { StringEquals: asked, StringLike: { [sub]: 'con_b' } }],
    ['another by StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { ...asked, [sub]: 'CON_B' } }],
    ['another by a key in other letters', { StringEquals: { ...asked, 'ID.example.com:SUB': 'con_b' } }],
    ['us in a wider list, with our audience', { StringEquals: { ...asked, [sub]: ['con_a', 'con_b'] } }],
  ];
  test.each(stays)('a statement that names %s to the letter stays', (_, condition) => {
    expect(changed(addAlone, [statement(condition)])).toEqual([statement(condition), ours]);
  });

  const goes: [string, object | undefined][] = [
    ['no condition', undefined],
    ['the audience alone', { StringEquals: asked }],
    ['a wildcard', { StringEquals: asked, StringLike: { [sub]: 'con_*' } }],
    ['one letter left open', { StringEquals: asked, StringLike: { [sub]: 'con_?' } }],
    ['a variable', { StringEquals: { ...asked, [sub]: '${saml:sub}' } }],
    ['a list with one wildcard', { StringEquals: asked, StringLike: { [sub]: ['con_b', '*'] } }],
    ['a condition that an absent subject passes', { 'ForAllValues:StringEquals': { [sub]: 'con_b' } }],
    ['us without our audience', { StringEquals: { [sub]: 'con_a' } }],
    ['us for another audience', { StringEquals: { [aud]: 'x', [sub]: 'con_a' } }],
    ['us by StringLike, without our audience', { StringLike: { [sub]: 'con_a' } }],
  ];
  test.each(goes)('a statement with %s goes', (_, condition) => {
    expect(changed(addAlone, [root, statement(condition), denied])).toEqual([root, denied, ours]);
    const shared = statement(condition, { Principal: { Federated: [saml, federated] } });
    expect(changed(addAlone, [shared])).toEqual([{ ...shared, Principal: { Federated: [saml] } }, ours]);
  });
});
