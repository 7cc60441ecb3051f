/**
 * The lint of trust policies against the sandbox's IAM and STS, which share no code with it: documents are drawn from a grammar
 * of fragments that customers write, and both say who gets in. SOJOURN_LINT_SEED repeats a run.
 */
import { randomInt } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clouds, diagnosisOf, type LintResult } from '../../src/clouds/index.ts';
import { parseStatements } from '../../src/sandbox/aws/policy/document.ts';
import { checkTrustPolicy, statementsAdmit } from '../../src/sandbox/aws/policy/trust.ts';
import { contextOf } from '../../src/sandbox/aws/sts/context.ts';
import { repetitions } from '../support/scale.ts';

const seed = Number(process.env.SOJOURN_LINT_SEED ?? randomInt(2 ** 31));
const now = Date.parse('2026-11-30T12:00:00Z');
const own = 'con_01k0abcdefghjkmnpqrstvwxyz';
const name = 'id.example.com/t/1';
const arn = `arn:aws:iam::111122223333:oidc-provider/${name}`;
const audience = 'sts.amazonaws.com';
const web = 'sts:AssumeRoleWithWebIdentity';

const provider = {
  ...{ arn, issuer: `https://${name}`, url: name, createdAt: now, clientIds: [audience], thumbprints: [] },
  ...{ tags: [], changedAt: now },
};

/** Who asks, and with what. */
interface Token {
  readonly sub: string;
  readonly aud: string;
  readonly sessionName: string;
  readonly address: string;
  readonly at: number;
}
const ours: Token = {
  ...{ sub: own, aud: audience, sessionName: `${own}-jti`, address: '127.0.0.1', at: now },
};
const others: readonly Token[] = [
  ...['con_01k0abcdefghjkmnpqrstvwxy0', 'con_b', 'con_c', 'con_00000000000000000000000000', 'con_'],
  `probe_${own}`,
  ...['repo:acme/app', `${own}x`],
  `${own.slice(0, -1)}u`,
].flatMap((sub) =>
  [ours.sessionName, sub].flatMap((sessionName) =>
    ['127.0.0.1', '203.0.113.0', '10.0.0.0'].flatMap((address) =>
      [now, Date.parse('2030-01-01T00:00:01Z')].map((at) => ({
        sub,
        aud: audience,
        sessionName,
        address,
        at,
      })),
    ),
  ),
);

function isAccepted(document: string): boolean {
  try {
    checkTrustPolicy(document);
    return true;
  } catch {
    return false;
  }
}

function contextFor({ sub, aud, sessionName, address, at }: Token): ReadonlyMap<string, readonly string[]> {
  const identity = {
    issuer: provider.issuer,
    subject: sub,
    audience: aud,
    audiences: [aud],
    amr: [],
    email: undefined,
  };
  const session = { tags: new Map(), transitiveTagKeys: [], sourceIdentity: undefined, roles: ['x'] };
  const context = contextOf({
    now: at,
    identity,
    session,
    provider,
    role: undefined,
    sessionName,
    region: 'us-east-1',
  });
  return new Map([...context, ['aws:sourceip', [address]]]);
}
const contexts = new Map([ours, ...others].map((token) => [token, contextFor(token)]));

/** The tokens that STS admits. */
function admitted<T extends Token>(document: string, tokens: readonly T[]): T[] {
  const statements = parseStatements(document);
  return tokens.filter((token) =>
    statementsAdmit(statements, {
      ...{ provider: arn, actions: [web] },
      context: contexts.get(token) ?? contextFor(token),
    }),
  );
}

/** Our token and those of others that differ in something that the document asks for. */
const tokensFor = (document: string): readonly Token[] => [
  ours,
  ...others.filter(
    ({ sessionName, address, at }) =>
      (sessionName === ours.sessionName || document.includes('RoleSessionName')) &&
      (address === ours.address || document.includes('SourceIp')) &&
      (at === now || document.includes('CurrentTime')),
  ),
];

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const subjects = [
  own,
  own,
  own.toUpperCase(),
  'con_b',
  'con_c',
  'repo:acme/*',
  'con_*',
  '*',
  `${own.slice(0, -1)}?`,
];
const moreSubjects = [
  'CON_*',
  'con_?',
  '*xyz',
  'con_*z',
  `*${own.slice(8, 20)}*`,
  '${sts:RoleSessionName}',
  '${aws:userid}',
  '',
  '?*',
];
const operators = [
  ...['StringEquals', 'StringEquals', 'StringEquals', 'StringLike', 'StringLike', 'StringEqualsIgnoreCase'],
  ...[
    'StringNotEquals',
    'StringNotLike',
    'StringEqualsIfExists',
    'ForAnyValue:StringEquals',
    'ForAnyValue:StringLike',
  ],
  ...[
    'ForAllValues:StringEquals',
    'ForAllValues:StringLike',
    'StringNotEqualsIfExists',
    'StringNotEqualsIgnoreCase',
  ],
  ...['ArnLike', 'Bool', 'NumericEquals', 'NumericNotEquals', 'BinaryEquals', 'DateNotEquals'],
];
const listOf = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 }));
/** Operator, key, value. */
const condition = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      pick(...operators),
      pick(`${name}:sub`, `${name.toUpperCase()}:SUB`),
      listOf(pick(...subjects, ...moreSubjects)),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(
      pick(...operators),
      pick(`${name}:aud`, `${name}:oaud`),
      listOf(pick(audience, audience, 'sts', '*', 'client-b')),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      pick('StringEquals', 'StringLike', 'StringNotEquals', 'StringEqualsIfExists'),
      pick(
        'id.example.com:sub',
        'id.example.com:aud',
        `https://${name}:sub`,
        `${name}:iss`,
        `${name}:amr`,
        'accounts.google.com:sub',
      ),
      pick(own, audience, 'authenticated', `https://${name}`),
    ),
  },
  fc.tuple(
    pick('Null'),
    pick(`${name}:sub`, `${name}:aud`, 'aws:PrincipalArn', 'sts:ExternalId'),
    pick('true', 'false'),
  ),
  fc.tuple(
    pick('IpAddress', 'NotIpAddress'),
    pick('aws:SourceIp'),
    listOf(pick('203.0.113.0/24', '10.0.0.0/8', '0.0.0.0/0', '203.0.113.7/33')),
  ),
  fc.tuple(
    pick('DateLessThan', 'DateGreaterThan', 'DateGreaterThanEquals'),
    pick('aws:CurrentTime'),
    pick('2024-01-01T00:00:00Z', '2030-01-01T00:00:00Z', 'next week'),
  ),
  fc.tuple(
    pick(
      'StringEquals',
      'StringNotEquals',
      'StringLike',
      'StringNotEqualsIfExists',
      'ForAnyValue:StringLike',
      'ForAllValues:StringLike',
    ),
    pick(
      'aws:PrincipalOrgID',
      'aws:PrincipalArn',
      'sts:ExternalId',
      'aws:SourceVpc',
      'aws:RequestTag/Team',
      'sts:RoleSessionName',
      'aws:PrincipalAccount',
      'aws:PrincipalType',
      'aws:FooBar',
      'aws:RequestedRegion',
    ),
    listOf(pick('us-east-1', 'o-abc', '*', 'User', '111122223333', 'con_*', 'session', `\${${name}:sub}`)),
  ),
  fc.tuple(
    pick('Bool', 'BoolIfExists'),
    pick('aws:MultiFactorAuthPresent', 'aws:SecureTransport'),
    pick('true', 'false'),
  ),
);
const conditions = fc.array(condition, { maxLength: 4 }).map((list) => {
  const block: Record<string, Record<string, unknown>> = {};
  for (const [operator, key, value] of list) block[operator] = { ...block[operator], [key]: value };
  return block;
});
const exact = { StringEquals: { [`${name}:aud`]: audience, [`${name}:sub`]: own } };
const github = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';
const root = 'arn:aws:iam::999988887777:root';
const principal = fc.oneof(
  { weight: 8, arbitrary: pick<unknown>({ Federated: arn }) },
  {
    weight: 3,
    arbitrary: pick<unknown>(
      { Federated: `${arn}/` },
      { Federated: arn.replace('1111', '9999') },
      { Federated: [arn, 'accounts.google.com'] },
      { Federated: arn, AWS: root },
    ),
  },
  {
    weight: 3,
    arbitrary: pick<unknown>(
      '*',
      { AWS: '*' },
      { AWS: root },
      { AWS: ['999988887777'] },
      { Service: 'ec2.amazonaws.com' },
      { Federated: 'arn:aws:iam::111122223333:saml-provider/acme' },
      { Federated: github },
    ),
  },
  pick<unknown>(
    { AWS: 'arn:aws:iam::11112222:root' },
    { AWS: 'vendor' },
    { Service: 'sts' },
    { Fedrated: arn },
    {},
    { Federated: '*' },
    { AWS: 'arn:aws:iam::999988887777:role/*' },
  ),
);
const action = fc.oneof(
  { weight: 8, arbitrary: pick<unknown>(web, [web], [web, 'sts:TagSession']) },
  {
    weight: 2,
    arbitrary: pick<unknown>('sts:AssumeRole', 'sts:*', 'sts:AssumeRoleWith*', ['sts:TagSession']),
  },
  pick<unknown>(web.toLowerCase(), '*', 's3:GetObject', []),
);
const statement = fc
  .record(
    {
      Sid: pick('A', 'B', 'SojournX', 'sojourn-1', 'Trust vendor'),
      Effect: fc.oneof(
        { weight: 12, arbitrary: pick('Allow') },
        { weight: 3, arbitrary: pick('Deny') },
        pick('allow'),
      ),
      Principal: principal,
      Action: action,
      Condition: fc.oneof(
        conditions,
        pick(exact),
        conditions.map((block) => ({
          ...block,
          StringEquals: { ...block.StringEquals, ...exact.StringEquals },
        })),
      ),
      Resource: pick('*'),
    },
    { requiredKeys: ['Effect', 'Principal', 'Action', 'Condition'] },
  )
  .map(({ Sid, Resource, ...fields }) => ({
    ...fields,
    ...(Sid && fields.Action ? { Sid } : {}),
    ...(Resource && Sid === 'sojourn-1' ? { Resource } : {}),
  }));
const document = fc
  .record({
    Version: fc.oneof({ weight: 12, arbitrary: pick('2012-10-17') }, pick('2008-10-17', '2012-10-18')),
    Statement: fc.array(statement, { minLength: 1, maxLength: 3 }),
  })
  .map((policy): Record<string, unknown> => policy);

const lint = (policy: unknown): LintResult => {
  const target = clouds.aws.target.parse({ role_arn: 'arn:aws:iam::111122223333:role/vendor' });
  const facts = {
    issuer: provider.issuer,
    subject: own,
    audience,
    vendor: 'V',
    connection: { id: own, name: 'prod' },
  };
  return diagnosisOf('aws').lint(target, facts, policy, now);
};

const namesOf = (text: string): string[] => text.toLowerCase().match(/con_[a-z0-9_]*/g) ?? [];

/** What the lint says against what IAM and STS do. */
function disagreements(
  policy: Record<string, unknown>,
  { grade, findings, corrected }: LintResult,
): string[] {
  const text = JSON.stringify(policy);
  const accepted = isAccepted(text);
  const tokens = tokensFor(text);
  const before = accepted ? admitted(text, tokens) : [];
  const isOursIn = before.includes(ours);
  const strangers = before.filter((token) => token !== ours);
  // While our own token is out, only subjects that the issuer has count.
  const unnamed = strangers.filter(
    ({ sub }) => !text.toLowerCase().includes(`"${sub}"`) && (isOursIn || !sub.startsWith('repo:')),
  );
  const open = findings.filter(({ severity }) => severity === 'overly_permissive');
  const faults: string[] = [];
  const check = (holds: boolean, fault: string) => holds || faults.push(fault);
  check(isOursIn === !findings.some(({ severity }) => severity === 'blocks_access'), `ours in: ${isOursIn}`);
  check(isOursIn || grade === 'D' || grade === 'F', 'ours is out');
  check(unnamed.length === 0 || open.length > 0, `gets in by a pattern: ${unnamed[0]?.sub}`);
  check(strangers.length === 0 || 'CDF'.includes(grade), `gets in: ${strangers[0]?.sub}`);
  for (const { rule, detail } of accepted ? open : []) {
    if (rule !== 'wildcard' && rule !== 'sub_missing') continue;
    const sub = /(?:subject: |for example with )(\S*?)(?: gets in|\.$)/.exec(detail)?.[1] ?? '';
    const sessionNames = ['session', 'con_', sub, ...(text.match(/(?<=")[\w+=,.@-]{2,64}(?=")/g) ?? [])];
    const more = sessionNames.flatMap((sessionName) =>
      [audience, 'sts', 'client-b', 'x', '*'].flatMap((aud) =>
        tokens.slice(1, 7).map((token) => ({ ...token, sub, aud, sessionName })),
      ),
    );
    check(
      more.some((token) => admitted(text, [token]).length > 0) ||
        /RequestTag|SourceVpc|RequestedRegion/.test(text),
      `no example: ${detail}`,
    );
  }
  if (corrected !== null) {
    check(isAccepted(corrected), 'the correction is not accepted');
    const getIn = admitted(corrected, tokens);
    check(getIn.includes(ours), 'the correction does not admit ours');
    const after = getIn.filter((token) => token !== ours);
    const added = after.filter((token) => !strangers.includes(token));
    check(!accepted || added.length === 0, `the correction admits ${added[0]?.sub}`);
    check(
      after.every(({ sub }) => namesOf(text).includes(sub)),
      'the correction is open',
    );
    const again = lint(JSON.parse(corrected));
    check(again.grade !== 'D', `the correction has grade ${again.grade}`);
    const kept = JSON.parse(corrected) as { Statement: unknown[] };
    const foreign = [policy.Statement]
      .flat()
      .filter(
        (one) =>
          !JSON.stringify(one).includes('oidc-provider/id.example') &&
          !/"(Principal":|AWS":)"\*"/.test(JSON.stringify(one)),
      );
    for (const one of foreign)
      check(
        kept.Statement.some((other) => JSON.stringify(other) === JSON.stringify(one)),
        'the correction drops a statement of others',
      );
  }
  return faults;
}

test('the lint of trust policies agrees with IAM and STS about who gets in, and its corrections are accepted and closed', () => {
  process.stderr.write(`SOJOURN_LINT_SEED=${seed}\n`);
  const grades = new Map<string, number>();
  fc.assert(
    fc.property(document, (policy) => {
      const result = lint(policy);
      grades.set(result.grade, (grades.get(result.grade) ?? 0) + 1);
      const faults = disagreements(policy, result);
      if (faults.length > 0)
        throw new Error([...faults, JSON.stringify(policy), JSON.stringify(result.findings)].join('\n'));
    }),
    { seed, numRuns: repetitions({ part: 1_000, full: 10_000 }) },
  );
  expect(Math.min(...['A', 'B', 'C', 'D', 'F'].map((grade) => grades.get(grade) ?? 0))).toBeGreaterThan(5);
});
