/** Providers and allow policies from the field: what `sojourn lint` says of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { clouds, diagnosisOf, type LintResult } from '../../src/clouds/index.ts';
import { createPolicies } from '../../src/sandbox/gcp/policy.ts';

const own = 'con_01k0abcdefghjkmnpqrstvwxyz';
const issuer = 'https://id.example.com/t/1';
const folder = join(import.meta.dirname, '../fixtures/field/azure-gcp');
const now = Date.parse('2026-11-30T12:00:00Z');
const pool = 'projects/123456789012/locations/global/workloadIdentityPools/vendor-pool';
const keys = ['a', 'b'].map((kid) => ({
  kty: 'EC',
  alg: 'ES256',
  use: 'sig',
  kid,
  crv: 'P-256',
  x: kid,
  y: kid,
}));

interface Options {
  readonly target?: object;
  readonly jwks?: readonly Readonly<Record<string, string>>[];
}
const account = { service_account: 'deployer@acme.iam.gserviceaccount.com' };

function lint(document: unknown, { target = account, jwks }: Options = {}): LintResult {
  const parsed = clouds.gcp.target.parse({
    ...{ project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor-idp' },
    ...target,
  });
  const { audience } = clouds.gcp.entry(parsed);
  const facts = {
    issuer,
    subject: own,
    audience,
    vendor: 'V',
    ...(jwks ? { jwks } : {}),
  };
  return diagnosisOf('gcp').lint(parsed, { ...facts, connection: { id: own, name: 'prod' } }, document, now);
}

const read = (file: string): Record<string, unknown> =>
  JSON.parse(
    readFileSync(join(folder, file), 'utf8').replaceAll('ISSUER', issuer).replaceAll('con_SUBJECT', own),
  );

const found = ({ grade, findings, corrected }: LintResult) => ({
  grade,
  rules: [...new Set(findings.map(({ rule }) => rule))],
  isCorrected: corrected !== null,
});

describe('the lint grades a document from the field', () => {
  test.each<[string, string, readonly string[], boolean]>([
    ['A1-foreign-uploaded-key.json', 'F', ['foreign_key', 'key_missing', 'jwks_uploaded'], true],
    ['A2-expired-iam-condition.json', 'D', ['condition_false'], false],
    ['A3-another-pool-beside.json', 'C', ['other_principals'], true],
    ['A9-condition-never-true.json', 'D', ['condition_false'], false],
    ['D2-split-subject.json', 'F', ['mapping'], true],
    ['D3-own-subject-in-foreign-pool.json', 'F', ['foreign_pool'], true],
    ['F1-disjunction.json', 'C', ['other_subjects'], true],
  ])('%s', (file, grade, rules, isCorrected) => {
    const result = lint(read(file));
    expect(found(result)).toEqual({ grade, rules, isCorrected });
    if (result.corrected !== null) expect(lint(JSON.parse(result.corrected)).grade).toMatch(/[AC]/);
  });
});

const provider = (patch: object = {}): Record<string, unknown> => ({
  ...read('F1-disjunction.json'),
  attributeCondition: `assertion.sub=='${own}'`,
  ...patch,
});
const when = (attributeCondition: string) => provider({ attributeCondition });
const mapped = (subject: string, more: object = {}) =>
  provider({ attributeMapping: { 'google.subject': subject, ...more } });
const uploaded = (jwksJson: string) => provider({ oidc: { ...(provider().oidc as object), jwksJson } });
const set = (...list: readonly object[]) => JSON.stringify({ keys: list });
const foreign = { ...keys[0], kid: 'evil', x: 'evil' };

describe('the lint of a provider', () => {
  test.each<[string, object, string, readonly string[], boolean]>([
    ['the same subject twice', when(`assertion.sub=='${own}' || assertion.sub=='${own}'`), 'A', [], true],
    ['a list with the same subject twice', when(`assertion.sub in ['${own}', '${own}']`), 'A', [], true],
    ['a part that is never true', when(`assertion.sub=='${own}' && false`), 'D', ['condition_false'], false],
    [
      'another issuer',
      when(`assertion.sub=='${own}' && assertion.iss=='https://x.example'`),
      'D',
      ['condition_false'],
      false,
    ],
    [
      'our issuer and no repository',
      when(`assertion.sub=='${own}' && assertion.iss=='${issuer}' && !has(assertion.repository)`),
      'A',
      [],
      true,
    ],
    ['a folded constant', when(`assertion.sub=='con_' + '${own.slice(4)}'`), 'A', [], true],
    [
      'a constant that is always true',
      when(`assertion.sub=='${own}' || 1 < 2`),
      'F',
      ['condition_weak'],
      true,
    ],
    [
      'a start of the subject',
      when(`assertion.sub.startsWith('${own.slice(0, 20)}')`),
      'F',
      ['condition_weak'],
      true,
    ],
    [
      'the whole subject as a start, and its size',
      when(`assertion.sub.startsWith('${own}') && size(assertion.sub) == 30`),
      'C',
      ['not_understood'],
      true,
    ],
    ['an end of the subject', when("assertion.sub.endsWith('xyz')"), 'F', ['condition_weak'], true],
    ['a part of the subject', when("assertion.sub.contains('01k0')"), 'F', ['condition_weak'], true],
    ['an extract of the subject', mapped("assertion.sub.extract('{x}:')"), 'D', ['mapping'], true],
    ['a lower-case subject', mapped('assertion.sub.lowerAscii()'), 'A', [], true],
    [
      'a lower-case subject that the condition tests',
      { ...mapped('assertion.sub.lowerAscii()'), attributeCondition: `google.subject=='${own}'` },
      'F',
      ['mapping'],
      true,
    ],
    ['a constant subject', mapped(`'${own}'`), 'F', ['mapping'], true],
    [
      'an attribute without a claim',
      mapped('assertion.sub', { 'attribute.repository': 'assertion.repository' }),
      'D',
      ['mapping'],
      true,
    ],
    [
      'an attribute with a claim',
      mapped('assertion.sub', { 'attribute.issuer': 'assertion.iss' }),
      'A',
      [],
      true,
    ],
    [
      'an unknown function besides the subject',
      when(`assertion.sub=='${own}' && assertion.sub.reverse() != 'x'`),
      'C',
      ['not_understood'],
      true,
    ],
    ['an unknown member', provider({ x509: {} }), 'C', ['not_understood'], true],
    ['a disabled provider', provider({ disabled: true, state: 'ACTIVE' }), 'D', ['disabled'], true],
    ['keys that are no JSON', uploaded('not json'), 'D', ['jwks'], true],
  ])('grades %s', (_, document, grade, rules, isCorrected) => {
    const result = lint(document);
    expect(found(result)).toEqual({ grade, rules, isCorrected });
    if (result.corrected !== null) expect(lint(JSON.parse(result.corrected)).grade).toMatch(/[AC]/);
  });

  test.each<[string, string]>([
    ['a raw string', `r'${own}'`],
    ['a triple-quoted string', `"""${own}"""`],
    ['a hexadecimal escape sequence', `'\\x63${own.slice(1)}'`],
    ['an octal escape sequence', `'\\143${own.slice(1)}'`],
    ['a Unicode escape sequence', `"\\u0063${own.slice(1)}"`],
    ['a long Unicode escape sequence', `'\\U00000063${own.slice(1)}'`],
  ])('reads %s', (_, literal) => {
    expect(found(lint(when(`assertion.sub == ${literal} // not '`)))).toEqual({
      ...{ grade: 'A', rules: [], isCorrected: true },
    });
  });

  test('ends a raw string at the first quote, also after a backslash', () => {
    const attributeCondition = `assertion.sub == '${own}' || assertion.sub in [r'a\\'] || true || assertion.sub == ' '`;
    expect(found(lint(when(attributeCondition)))).toEqual({
      ...{ grade: 'F', rules: ['condition_weak'], isCorrected: true },
    });
    const named = `assertion.sub in ['${own}', r'a\\', 'it\\'s']`;
    expect(lint(when(named)).findings.map(({ detail }) => detail)).toEqual(["a\\, it's gets in as well."]);
  });

  const exact = `assertion.sub=='${own}'`;
  test.each<[string, string, string | null]>([
    [
      'keeps a condition that is right',
      `${exact} && assertion.jti != 'x'`,
      `${exact} && assertion.jti != 'x'`,
    ],
    [
      'keeps what a wide condition asks for besides',
      `assertion.sub.startsWith('con_') && (assertion.jti != 'x' || assertion.iat < 5) && has(assertion.sub)`,
      `${exact} && (assertion.jti != "x" || assertion.iat < 5)`,
    ],
    [
      'replaces a wrong subject, and no other part',
      `assertion.sub == '${own.toUpperCase()}' && assertion.iss == '${issuer}'`,
      `${exact} && assertion.iss == "${issuer}"`,
    ],
    [
      'keeps another connection that is named',
      "assertion.sub == 'con_b'",
      `assertion.sub in ['${own}', 'con_b']`,
    ],
    ['is absent if a part is never true', `assertion.sub != 'x' && assertion.repository == 'a/b'`, null],
    [
      'is absent if a part mixes the subject with other claims',
      "assertion.sub == 'con_b' || assertion.jti == 'x'",
      null,
    ],
    ['is absent if a part is not understood', `${exact} && assertion.aud.reverse() != 'x'`, null],
    ['is absent if the condition cannot be read', `${exact} &&`, null],
  ])('the corrected condition %s', (_, condition, corrected) => {
    const result = lint(when(condition)).corrected;
    expect(result === null ? null : JSON.parse(result).attributeCondition).toBe(corrected);
  });

  test('keeps a mapping under which every subject has its own name', () => {
    const mapping = { 'google.subject': 'assertion.sub.trim()', 'attribute.issuer': 'assertion.iss' };
    const document = provider({ attributeMapping: mapping });
    expect(JSON.parse(lint(document).corrected ?? '').attributeMapping).toEqual(mapping);
  });

  const uploading = { target: { ...account, uploaded_jwks: true }, jwks: keys };
  test.each<[string, object, Options, string, readonly string[]]>([
    ['our keys', uploaded(set(...keys)), uploading, 'A', []],
    ['our keys and a foreign one', uploaded(set(...keys, foreign)), uploading, 'F', ['foreign_key']],
    [
      'a foreign key under the kid of ours',
      uploaded(set({ ...keys[0], x: 'evil' }, keys[1] ?? {})),
      uploading,
      'F',
      ['foreign_key', 'key_missing'],
    ],
    ['only a foreign key', uploaded(set(foreign)), uploading, 'F', ['foreign_key', 'key_missing']],
    ['only the key that signs next', uploaded(set(...keys.slice(1))), uploading, 'D', ['key_missing']],
    ['only the key that signs now', uploaded(set(...keys.slice(0, 1))), uploading, 'C', ['keys_missing']],
    ['an empty key set', uploaded(set()), uploading, 'D', ['key_missing']],
    ['no keys where they must be uploaded', provider(), uploading, 'D', ['jwks_missing']],
    [
      'a key with x5c',
      uploaded(set({ ...keys[0], x5c: [] }, keys[1] ?? {})),
      uploading,
      'D',
      ['not_accepted'],
    ],
    [
      'our keys where Google should fetch them',
      uploaded(set(...keys)),
      { jwks: keys },
      'C',
      ['jwks_uploaded'],
    ],
  ])('grades %s', (_, document, options, grade, rules) => {
    const result = lint(document, options);
    expect(found(result)).toEqual({ grade, rules, isCorrected: true });
    expect(lint(JSON.parse(result.corrected ?? ''), options).grade).toBe('A');
  });
});

const member = `principal://iam.googleapis.com/${pool}/subject/${own}`;
const user = 'roles/iam.workloadIdentityUser';
const policy = (...bindings: object[]) => ({ version: 3, etag: 'BwY=', bindings });
const bound = { role: user, members: [member] };
const until = (time: string) => ({ title: 't', expression: `request.time < timestamp('${time}')` });

describe('the lint of an allow policy', () => {
  test.each<[string, object, string, readonly string[], boolean]>([
    [
      'a condition on a later time',
      policy({ ...bound, condition: until('2030-01-01T00:00:00Z') }),
      'C',
      ['conditional'],
      true,
    ],
    [
      'a condition on the resource',
      policy({ ...bound, condition: { title: 't', expression: "resource.name == 'x'" } }),
      'C',
      ['not_understood'],
      false,
    ],
    [
      'an expired binding of a whole pool',
      policy(bound, {
        role: user,
        members: [`principalSet://iam.googleapis.com/${pool}/*`],
        condition: until('2020-01-01T00:00:00Z'),
      }),
      'A',
      [],
      true,
    ],
    [
      'the whole pool as administrator',
      policy(bound, {
        role: 'roles/iam.serviceAccountAdmin',
        members: [`principalSet://iam.googleapis.com/${pool}/*`],
      }),
      'F',
      ['pool_wide_binding'],
      true,
    ],
    [
      'every identity of a workforce pool',
      policy(bound, {
        role: user,
        members: ['principalSet://iam.googleapis.com/locations/global/workforcePools/staff/*'],
      }),
      'F',
      ['pool_wide_binding'],
      true,
    ],
    [
      'our subject in a workforce pool',
      policy(bound, {
        role: user,
        members: [`principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/${own}`],
      }),
      'F',
      ['foreign_pool'],
      true,
    ],
    [
      'a key administrator',
      policy(bound, { role: 'roles/iam.serviceAccountKeyAdmin', members: ['user:a@example.com'] }),
      'C',
      ['other_principals'],
      true,
    ],
    [
      'an owner',
      policy(bound, { role: 'roles/owner', members: ['user:a@example.com'] }),
      'C',
      ['other_principals'],
      true,
    ],
    [
      'a reader',
      policy(bound, { role: 'roles/iam.serviceAccountViewer', members: ['allUsers'] }),
      'A',
      [],
      true,
    ],
    [
      'a custom role',
      policy(bound, { role: 'projects/acme/roles/ops', members: ['user:a@example.com'] }),
      'C',
      ['unknown_role'],
      true,
    ],
    [
      'our member as administrator only',
      policy({ role: 'roles/iam.serviceAccountAdmin', members: [member] }),
      'D',
      ['binding_missing'],
      true,
    ],
    [
      'a deleted member',
      policy({ ...bound, members: [member, 'deleted:serviceAccount:x@y.example?uid=1'] }),
      'A',
      [],
      true,
    ],
  ])('grades %s', (_, document, grade, rules, isCorrected) => {
    const result = lint(document);
    expect(found(result)).toEqual({ grade, rules, isCorrected });
    if (result.corrected !== null) expect(lint(JSON.parse(result.corrected)).grade).toMatch(/[AC]/);
  });

  test('keeps everyone who is named', () => {
    const others = ['user:a@example.com', `principal://iam.googleapis.com/${pool}/subject/con_b`];
    const { corrected } = lint(policy({ role: user, members: [...others, 'allUsers'] }));
    expect(JSON.parse(corrected ?? '').bindings).toEqual([{ role: user, members: others }, bound]);
  });

  test('without a service account, judges the principals of the pool in the policy of any resource', () => {
    const direct = { target: {} };
    const viewer = (...members: string[]) => policy({ role: 'roles/viewer', members });
    expect(found(lint(viewer(member, 'user:a@example.com'), direct))).toEqual({
      grade: 'A',
      rules: [],
      isCorrected: true,
    });
    expect(found(lint(viewer(`principalSet://iam.googleapis.com/${pool}/*`), direct))).toEqual({
      ...{ grade: 'F', rules: ['pool_wide_binding', 'binding_missing'], isCorrected: false },
    });
    expect(lint(viewer(member), direct).documentType).toBe('gcp-allow-policy');
  });
});

describe('the allow policies of the sandbox', () => {
  const resource = 'serviceAccounts/a@b.example';
  const holds = (condition: object, version = 3) => {
    const policies = createPolicies(() => now);
    const set = policies.set(resource, { version, bindings: [{ ...bound, condition }] }, now);
    return set.ok ? policies.holds(resource, [member], [user], now) : set;
  };

  test('evaluate conditions on the time', () => {
    expect(holds(until('2030-01-01T00:00:00Z'))).toBe(true);
    expect(holds(until('2020-01-01T00:00:00Z'))).toBe(false);
  });

  test('reject conditions in a policy of an older version, and those that are no expression', () => {
    expect(holds(until('2030-01-01T00:00:00Z'), 1)).toMatchObject({ ok: false, status: 'INVALID_ARGUMENT' });
    expect(holds({ title: 't', expression: 'request.time <' })).toMatchObject({
      ok: false,
      status: 'INVALID_ARGUMENT',
    });
  });
});
