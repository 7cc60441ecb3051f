/** An AuthenticationConfiguration that the API server rejects as a whole: each of its rules, in the entry of another issuer. */
import { expect, test } from '@jest/globals';
import { diagnosisOf } from '../../src/clouds/index.ts';

const facts = {
  issuer: 'https://id.example/t/acme',
  subject: 'con_1',
  audience: 'https://k8s.example:6443',
  connection: { id: 'con_1', name: 'prod' },
  vendor: 'Vendor',
};
const lint = (document: object) =>
  diagnosisOf('kubernetes').lint({ server: facts.audience }, facts, document);
const rejectedIn = (document: object) =>
  lint(document).findings.flatMap(({ rule, severity, path }) =>
    rule === 'rejected' ? [`${severity} ${path}`] : [],
  );

const own = {
  issuer: { url: facts.issuer, audiences: [facts.audience], audienceMatchPolicy: 'MatchAny' },
  claimValidationRules: [{ expression: 'claims.sub == "con_1"', message: 'another connection' }],
  claimMappings: { username: { claim: 'sub', prefix: 'sojourn:' } },
};
const other = {
  issuer: { url: 'https://other.example', audiences: ['a'] },
  claimMappings: { username: { claim: 'sub', prefix: 'corp:' } },
};
const issuer = (more: object) => ({ ...other, issuer: { ...other.issuer, ...more } });
const mappings = (more: object) => ({ ...other, claimMappings: { ...other.claimMappings, ...more } });
const rules = (claimValidationRules: unknown) => ({ ...other, claimValidationRules });
const users = (userValidationRules: unknown) => ({ ...other, userValidationRules });
const extra = (...more: readonly object[]) =>
  mappings({
    extra: more.map((member) => ({ key: 'example.org/a', valueExpression: 'claims.a', ...member })),
  });

test.each<[string, object, string]>([
  ['an issuer over http', issuer({ url: 'http://other.example' }), 'issuer.url'],
  ['an issuer with a query', issuer({ url: 'https://other.example?a' }), 'issuer.url'],
  ['an issuer with a fragment', issuer({ url: 'https://other.example#a' }), 'issuer.url'],
  ['an issuer with a user name', issuer({ url: 'https://a@other.example' }), 'issuer.url'],
  ['an entry without an issuer', issuer({ url: undefined }), 'issuer.url'],
  ['a discoveryURL over http', issuer({ discoveryURL: 'http://a.example' }), 'issuer.discoveryURL'],
  ['the issuer as discoveryURL', issuer({ discoveryURL: 'https://other.example/' }), 'issuer'],
  ['no audience', issuer({ audiences: [] }), 'issuer'],
  [
    'an empty audience',
    issuer({ audiences: ['a', ''], audienceMatchPolicy: 'MatchAny' }),
    'issuer.audiences[1]',
  ],
  ['another match policy', issuer({ audienceMatchPolicy: 'MatchAll' }), 'issuer.audienceMatchPolicy'],
  ['audiences without a match policy', issuer({ audiences: ['a', 'b'], audienceMatchPolicy: '' }), 'issuer'],
  [
    'an audience twice',
    issuer({ audiences: ['a', 'a'], audienceMatchPolicy: 'MatchAny' }),
    'issuer.audiences',
  ],
  ['an authority that is no PEM', issuer({ certificateAuthority: 'LS0t' }), 'issuer.certificateAuthority'],
  ['another egress', issuer({ egressSelectorType: 'etcd' }), 'issuer.egressSelectorType'],
  ['a claim in two rules', rules([{ claim: 'a' }, { claim: 'a' }]), 'claimValidationRules'],
  ['an expression in two rules', rules([{ expression: 'a' }, { expression: 'a' }]), 'claimValidationRules'],
  ['rules that are no list', rules({ expression: 'a' }), 'claimValidationRules'],
  [
    'a rule with a claim and an expression',
    rules([{ claim: 'a', expression: 'a' }]),
    'claimValidationRules[0]',
  ],
  ['an empty rule', rules([{ claim: 'b' }, { message: 'a' }]), 'claimValidationRules[1]'],
  ['a message for a claim', rules([{ claim: 'a', message: 'a' }]), 'claimValidationRules[0]'],
  [
    'a required value for an expression',
    rules([{ expression: 'a', requiredValue: '1' }]),
    'claimValidationRules[0]',
  ],
  ['no user name', mappings({ username: { claim: '' } }), 'claimMappings.username'],
  [
    'a user name as claim and as expression',
    mappings({ username: { claim: 'sub', expression: 'claims.sub', prefix: undefined } }),
    'claimMappings.username',
  ],
  ['a user name without a prefix', mappings({ username: { claim: 'sub' } }), 'claimMappings.username'],
  [
    'a prefix for an expression',
    mappings({ username: { expression: 'claims.sub', prefix: '' } }),
    'claimMappings.username',
  ],
  [
    'groups as claim and as expression',
    mappings({ groups: { claim: 'a', expression: 'a' } }),
    'claimMappings.groups',
  ],
  ['groups without a prefix', mappings({ groups: { claim: 'a' } }), 'claimMappings.groups'],
  ['a prefix for groups', mappings({ groups: { expression: 'a', prefix: '' } }), 'claimMappings.groups'],
  [
    'a uid as claim and as expression',
    mappings({ uid: { claim: 'a', expression: 'a' } }),
    'claimMappings.uid',
  ],
  ['a key twice', extra({}, {}), 'claimMappings.extra'],
  ['a key without a domain', extra({ key: 'a' }), 'claimMappings.extra[0].key'],
  ['a key in upper case', extra({ key: 'example.org/A' }), 'claimMappings.extra[0].key'],
  ['a key of Kubernetes', extra({ key: 'a.k8s.io/a' }), 'claimMappings.extra[0].key'],
  ['a key without a value', extra({ valueExpression: '' }), 'claimMappings.extra[0].valueExpression'],
  ['two equal rules for users', users([{ expression: 'a' }, { expression: 'a' }]), 'userValidationRules'],
  ['an empty rule for users', users([{ message: 'a' }]), 'userValidationRules[0].expression'],
])('the API server rejects %s', (_, entry, path) => {
  const document = { jwt: [own, entry] };
  const found = rejectedIn(document);
  expect(found).toContain(`blocks_access jwt[1].${path}`);
  expect(new Set(found).size).toBe(1);
  expect(['D', 'F']).toContain(lint(document).grade);
});

test.each<[string, object, string]>([
  [
    '65 entries',
    { jwt: [own, ...Array.from({ length: 64 }, (_, index) => issuer({ url: `https://${index}.example` }))] },
    'jwt',
  ],
  ['an issuer twice', { jwt: [own, other, other] }, 'jwt'],
  [
    'a discoveryURL twice',
    {
      jwt: [
        own,
        ...['a', 'b'].map((name) =>
          issuer({ url: `https://${name}.example`, discoveryURL: 'https://c.example' }),
        ),
      ],
    },
    'jwt',
  ],
  [
    'conditions for anonymous callers that are not enabled',
    { jwt: [own], anonymous: { enabled: false, conditions: [{ path: '/livez' }] } },
    'anonymous',
  ],
])('the API server rejects a file with %s', (_, document, path) => {
  expect([lint(document).grade, ...rejectedIn(document)]).toEqual(['D', `blocks_access ${path}`]);
});

test.each<[string, object, string]>([
  [
    'a user name as claim and as expression',
    {
      ...own,
      claimMappings: {
        username: { claim: 'sub', prefix: 'sojourn:', expression: '"sojourn:" + claims.sub' },
      },
    },
    'claimMappings.username',
  ],
  [
    'the rule of the set-up twice',
    { ...own, claimValidationRules: [own.claimValidationRules[0], own.claimValidationRules[0]] },
    'claimValidationRules',
  ],
])(
  'the entry of the connection gets the grade D for %s, which the rest of the lint accepts',
  (_, entry, path) => {
    for (const document of [{ jwt: [entry] }, entry]) {
      const { grade, findings } = lint(document);
      const place = 'jwt' in document ? `jwt[0].${path}` : path;
      expect([grade, findings[0]?.rule, findings[0]?.path]).toEqual(['D', 'rejected', place]);
    }
  },
);

test('the finding says what the API server rejects', () => {
  expect(lint({ jwt: [own, rules([{ claim: 'a', message: 'a' }])] }).findings[0]).toEqual({
    rule: 'rejected',
    severity: 'blocks_access',
    path: 'jwt[1].claimValidationRules[0]',
    detail: 'Kubernetes rejects the document. A rule with a claim has no message.',
    advice: 'Replace the entry of the issuer with that of the set-up file.',
  });
});

test('no finding says that the API server rejects what it accepts', () => {
  const full = {
    issuer: {
      url: 'https://other.example/a/',
      discoveryURL: 'https://other.example:8443/a/.well-known/openid-configuration',
      audiences: ['a', 'b'],
      audienceMatchPolicy: 'MatchAny',
      certificateAuthority: '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n',
      egressSelectorType: 'controlplane',
    },
    claimValidationRules: [
      { claim: 'a', requiredValue: '' },
      { claim: 'b' },
      { expression: 'a', message: 'a' },
    ],
    claimMappings: {
      username: { claim: 'sub', prefix: '', expression: null },
      groups: { claim: '', expression: '[]' },
      uid: { claim: 'a' },
      extra: [{ key: 'a.example.org/a/b', valueExpression: 'claims.a' }],
    },
    userValidationRules: [{ expression: 'a' }, { expression: 'b' }],
  };
  const anonymous = { enabled: true, conditions: [{ path: '/livez' }] };
  expect(rejectedIn({ jwt: [own, full], anonymous })).toEqual([]);
});
