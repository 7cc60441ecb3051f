/**
 * The lint of providers and allow policies against the sandbox of Google Cloud, which shares no code with it: documents are drawn
 * from a grammar of fragments that customers write, and both say who gets in. SOJOURN_LINT_SEED repeats a run.
 */
import { randomInt } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clouds, diagnosisOf, type LintResult } from '../../src/clouds/index.ts';
import { mapClaims } from '../../src/sandbox/gcp/attributes.ts';
import { createPolicies } from '../../src/sandbox/gcp/policy.ts';
import { readProvider } from '../../src/sandbox/gcp/provider.ts';
import { repetitions } from '../support/scale.ts';

const seed = Number(process.env.SOJOURN_LINT_SEED ?? randomInt(2 ** 31));
const now = Date.parse('2026-11-30T12:00:00Z');
const own = 'con_01k0abcdefghjkmnpqrstvwxyz';
const issuer = 'https://id.example.com/t/1';
const pool = 'projects/123456789012/locations/global/workloadIdentityPools/vendor-pool';
const name = `${pool}/providers/vendor-idp`;
const target = clouds.gcp.target.parse({
  ...{ project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor-idp' },
  service_account: 'deployer@acme.iam.gserviceaccount.com',
});
const { audience } = clouds.gcp.entry(target);

const lint = (document: unknown): LintResult =>
  diagnosisOf('gcp').lint(
    target,
    { issuer, subject: own, audience, vendor: 'V', connection: { id: own, name: 'prod' } },
    document,
    now,
  );

const strangers = [
  ...[
    'con_01k0abcdefghjkmnpqrstvwxy0',
    'con_b',
    'con_c',
    `con_${'0'.repeat(26)}`,
    `${own}:x`,
    `${own}x`,
    `x${own}`,
  ],
  ...["con_'b", 'con_\\', 'con_\n"b', `${own}\\`, 'con_?b'],
  ...['repo:acme/app', `repo:${own}`, own.toUpperCase(), `${own.slice(0, -1)}u`],
];
const claimsOf = (sub: string, jti = 'c8f1') => {
  const iat = Math.floor(now / 1000);
  return { iss: issuer, sub, aud: audience, iat, nbf: iat, exp: iat + 300, jti };
};

/** The subject that the provider maps a token to; undefined if it refuses the token or Google refuses the provider. */
function mapped(document: Record<string, unknown>, sub: string, jti?: string): string | undefined {
  const provider = readProvider('vendor-idp', document);
  if (!provider.ok) return undefined;
  const outcome = mapClaims(claimsOf(sub, jti), provider.value);
  return outcome.ok ? outcome.value.subject : undefined;
}

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);
/** Texts that a condition compares, and so names. The last ones need escape sequences in most literals. */
const named = ['con_b', 'con_c', own.slice(0, 12), 'con_', 'x', "con_'b", 'con_\\', 'con_\n"b'];
const literal = (text: string, quote: string, write: (character: string) => string) =>
  quote +
  [...text].map((character, index) => (index % 3 === 1 ? write(character) : character)).join('') +
  quote;
const hex = (character: string, length: number) => character.charCodeAt(0).toString(16).padStart(length, '0');
const escaped = (text: string) => text.replaceAll(/[\\'"]/g, '\\$&').replaceAll('\n', '\\n');
/** Every form of a literal that has this value (cel-spec, doc/langdef.md). */
const literalsOf = (text: string): string[] => [
  ...["'", '"', '"""', "'''"].map((quote) => quote + escaped(text) + quote),
  ...(/['"\\\n]/.test(text)
    ? []
    : [
        literal(text, "'", (character) => `\\x${hex(character, 2)}`),
        literal(text, '"', (character) => `\\u${hex(character, 4)}`),
        literal(text, "'", (character) => `\\U${hex(character, 8).toUpperCase()}`),
        literal(text, "'''", (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`),
      ]),
  ...(/['\n]/.test(text) ? [] : [`r'${text}'`, `R'''${text}'''`]),
  ...(text.includes('"') ? [] : [`r"""${text}"""`]),
];
const quoted = fc.oneof(
  { weight: 4, arbitrary: pick(own, own, own, ...named.slice(0, 5)).map((text) => `'${text}'`) },
  { weight: 2, arbitrary: pick(own, own, own, ...named).chain((text) => pick(...literalsOf(text))) },
  pick(`r'${own}\\'`, "'con_\\?b'", "'con_\\q'", "'\\ud800'"),
);
const subjectClaim = pick('assertion.sub', 'assertion.sub', 'assertion["sub"]', 'google.subject');
const test1 = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(subjectClaim, quoted).map(([claim, text]) => `${claim} == ${text}`) },
  fc.tuple(subjectClaim, quoted).map(([claim, text]) => `${text}==${claim}`),
  fc.tuple(subjectClaim, quoted).map(([claim, text]) => `${claim} != ${text}`),
  fc
    .tuple(subjectClaim, fc.array(quoted, { maxLength: 3 }))
    .map(([claim, list]) => `${claim} in [${list.join(', ')}]`),
  fc
    .tuple(subjectClaim, pick('startsWith', 'endsWith', 'contains'), quoted)
    .map(([claim, method, text]) => `${claim}.${method}(${text})`),
  fc.tuple(quoted, quoted).map(([a, b]) => `${a} == ${b}`),
  pick(
    ...[
      `assertion.iss == '${issuer}'`,
      "assertion.iss == 'https://x.example'",
      "assertion.repository == 'a/b'",
    ],
    ...[
      'has(assertion.repository)',
      'true',
      'false',
      "assertion.jti != 'x'",
      "assertion.jti == 'x'",
      'size(assertion.sub) == 30',
    ],
    ...[
      `assertion.aud == '${audience}'`,
      `assertion.sub == 'con_' + '${own.slice(4)}'`,
      "assertion.sub.split('_')[0] == 'con'",
    ],
    ...[
      'assertion.iat > 0',
      `assertion.sub == b'${own}'`,
      `assertion.sub.extract('con_{id}') == '${own.slice(4)}'`,
      `assertion.sub.lowerAscii() == '${own}'`,
    ],
  ),
);
const condition = fc.letrec<{ whole: string; part: string }>((tie) => ({
  part: fc.oneof(
    { weight: 4, arbitrary: test1 },
    tie('whole').map((inner) => `(${inner})`),
    tie('whole').map((inner) => `!(${inner})`),
  ),
  whole: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('part'),
    fc.tuple(tie('part'), pick(' && ', ' && ', ' || '), tie('part')).map((parts) => parts.join('')),
    fc.tuple(tie('part'), tie('part'), tie('part')).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
  ),
})).whole;
const exactCondition = `assertion.sub=='${own}'`;
const provider = fc
  .record({
    subject: fc.oneof(
      { weight: 8, arbitrary: pick('assertion.sub') },
      pick(
        'assertion.jti',
        "'x'",
        `'${own}'`,
        "assertion.sub.split(':')[0]",
        'assertion.sub.lowerAscii()',
        "assertion.sub.extract('{x}:')",
        'assertion.iss',
      ),
    ),
    more: fc.oneof(
      { weight: 6, arbitrary: pick<object>({}) },
      pick<object>({ 'attribute.a': 'assertion.sub' }, { 'attribute.b': 'assertion.repository' }),
    ),
    condition: fc.oneof(
      { weight: 5, arbitrary: condition },
      { weight: 2, arbitrary: condition.map((inner) => `${exactCondition} && (${inner})`) },
      pick(exactCondition, undefined),
    ),
    slash: pick('', '', '', '', '/'),
  })
  .map(({ subject, more, condition: attributeCondition, slash }) => ({
    name,
    ...{ attributeMapping: { 'google.subject': subject, ...more } },
    ...(attributeCondition === undefined ? {} : { attributeCondition }),
    oidc: { issuerUri: issuer + slash, allowedAudiences: [audience] },
  }));

const isNamed = (sub: string) => [...named, `${own}\\`, 'con_?b'].includes(sub);

function providerFaults(
  document: Record<string, unknown>,
  { grade, findings, corrected }: LintResult,
): string[] {
  const faults: string[] = [];
  const check = (holds: boolean, fault: string) => holds || faults.push(fault);
  const accepted = readProvider('vendor-idp', document).ok;
  const isIssuer = (document.oidc as { issuerUri: string }).issuerUri === issuer;
  const ours = isIssuer ? mapped(document, own) : undefined;
  const rules = findings.map(({ rule }) => rule);
  const isUnsure = rules.includes('not_understood');
  check(ours !== own || !'D'.includes(grade), 'ours is in');
  check(ours === own || !accepted || 'DF'.includes(grade) || isUnsure, 'ours is out');
  check(ours === own || !'AB'.includes(grade) || !accepted, 'ours is out, and the grade is A or B');
  const jtis = JSON.stringify(document).includes('jti') ? ['c8f1', 'x'] : ['c8f1'];
  const admitted = isIssuer
    ? strangers.flatMap((sub) =>
        jtis.flatMap((jti) => (mapped(document, sub, jti) === undefined ? [] : [sub])),
      )
    : [];
  check(admitted.length === 0 || !'AB'.includes(grade), `gets in: ${admitted[0]}`);
  const unnamed = admitted.find(
    (sub) => !isNamed(sub) && (ours !== undefined || /^con_[a-z0-9_]*$/.test(sub)),
  );
  check(unnamed === undefined || grade === 'F' || isUnsure, `gets in by a pattern: ${unnamed}`);
  for (const { rule, detail } of accepted && isIssuer ? findings : []) {
    const example = rule === 'condition_weak' ? /value: (.+) gets in/.exec(detail)?.[1] : undefined;
    if (example !== undefined && !isUnsure)
      check(
        ['c8f1', 'd9e2', own, `${own}\\`, 'con_?b', ...named].some(
          (jti) => mapped(document, example, jti) !== undefined,
        ),
        `no example: ${example}`,
      );
  }
  if (corrected !== null) {
    const after = JSON.parse(corrected) as Record<string, unknown>;
    check(mapped(after, own) === own, 'the correction does not admit ours');
    const still = strangers.filter((sub) => mapped(after, sub) !== undefined);
    check(
      still.every((sub) => (admitted.includes(sub) || !isIssuer || ours === undefined) && isNamed(sub)),
      `the correction admits ${still[0]}`,
    );
    check('AC'.includes(lint(after).grade), `the correction has grade ${lint(after).grade}`);
  }
  return faults;
}

const member = `principal://iam.googleapis.com/${pool}/subject/${own}`;
const foreignPool = pool.replace('123456789012', '999').replace('vendor-pool', 'github');
const members = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: pick(member) },
    pick(
      ...[
        `principal://iam.googleapis.com/${pool}/subject/con_b`,
        `principalSet://iam.googleapis.com/${pool}/*`,
      ],
      ...[
        `principalSet://iam.googleapis.com/${pool}/attribute.a/x`,
        `principal://iam.googleapis.com/${foreignPool}/subject/${own}`,
      ],
      ...[
        `principal://iam.googleapis.com/${foreignPool}/subject/x`,
        'allUsers',
        'allAuthenticatedUsers',
        'user:a@example.com',
      ],
      ...['serviceAccount:x@acme.iam.gserviceaccount.com', member.replace('123456789012', 'acme-prod')],
    ),
  ),
  { minLength: 1, maxLength: 3 },
);
const times = ['2020-01-01T00:00:00Z', '2036-01-01T00:00:00Z'];
const binding = fc.record(
  {
    role: fc.oneof(
      { weight: 5, arbitrary: pick('roles/iam.workloadIdentityUser') },
      pick(
        'roles/iam.serviceAccountTokenCreator',
        'roles/iam.serviceAccountAdmin',
        'roles/viewer',
        'roles/owner',
        'projects/acme/roles/ops',
      ),
    ),
    members,
    condition: fc.tuple(pick('<', '>'), pick(...times)).map(([operator, time]) => ({
      title: 't',
      expression: `request.time ${operator} timestamp('${time}')`,
    })),
  },
  { requiredKeys: ['role', 'members'] },
);
const policy = fc
  .array(binding, { minLength: 1, maxLength: 3 })
  .map((bindings) => ({ version: 3, bindings }));

const resource = 'serviceAccounts/x';
const impersonating = ['roles/iam.workloadIdentityUser', 'roles/iam.serviceAccountTokenCreator'];
const equivalent = [...impersonating, 'roles/iam.serviceAccountAdmin', 'roles/owner'];

function holder(document: object): (identities: readonly string[], roles: readonly string[]) => boolean {
  const policies = createPolicies(() => now);
  expect(policies.set(resource, document, now).ok).toBe(true);
  return (identities, roles) => policies.holds(resource, identities, roles, now);
}

const anyone = ['allUsers', 'allAuthenticatedUsers'];
const identitiesOf = (inPool: string, sub: string) => [
  ...[
    `principal://iam.googleapis.com/${inPool}/subject/${sub}`,
    `principalSet://iam.googleapis.com/${inPool}/*`,
  ],
  ...anyone,
];

function policyFaults(document: object, { grade, corrected }: LintResult): string[] {
  const faults: string[] = [];
  const check = (holds: boolean, fault: string) => holds || faults.push(fault);
  const may = holder(document);
  const direct = (holds: ReturnType<typeof holder>) => holds([member], impersonating);
  const isIn = direct(may);
  check(isIn === !'D'.includes(grade) || grade === 'F', `ours in: ${isIn}`);
  const open = [identitiesOf(pool, 'con_zzz'), identitiesOf(foreignPool, own), anyone].some((who) =>
    may(who, equivalent),
  );
  check(!open || grade === 'F', 'anyone gets in');
  const named = [
    `principal://iam.googleapis.com/${pool}/subject/con_b`,
    'user:a@example.com',
    `principal://iam.googleapis.com/${foreignPool}/subject/x`,
  ];
  check(!named.some((who) => may([who], equivalent)) || !'AB'.includes(grade), 'a named one gets in');
  if (corrected !== null) {
    const after = holder(JSON.parse(corrected));
    check(direct(after), 'the correction does not admit ours');
    check(
      ![identitiesOf(pool, 'con_zzz'), identitiesOf(foreignPool, own), anyone].some((who) =>
        after(who, equivalent),
      ),
      'the correction is open',
    );
    for (const who of named)
      check(after([who], equivalent) === may([who], equivalent), `the correction changes ${who}`);
    check('ABC'.includes(lint(JSON.parse(corrected)).grade), 'the correction has a low grade');
  }
  return faults;
}

function agree<T extends object>(
  documents: fc.Arbitrary<T>,
  faultsOf: (document: T, result: LintResult) => string[],
): void {
  process.stderr.write(`SOJOURN_LINT_SEED=${seed}\n`);
  const grades = new Map<string, number>();
  fc.assert(
    fc.property(documents, (document) => {
      const result = lint(document);
      grades.set(result.grade, (grades.get(result.grade) ?? 0) + 1);
      const faults = faultsOf(document, result);
      if (faults.length > 0)
        throw new Error([...faults, JSON.stringify(document), JSON.stringify(result)].join('\n'));
    }),
    { seed, numRuns: repetitions({ part: 500, full: 5_000 }) },
  );
  expect(Math.min(...['A', 'C', 'D', 'F'].map((grade) => grades.get(grade) ?? 0))).toBeGreaterThan(5);
}

test('the lint of providers agrees with the sandbox about who gets in, and its corrections are accepted and closed', () => {
  agree(provider, providerFaults);
});

test('the lint of allow policies agrees with the sandbox about who gets in, and its corrections keep who is named', () => {
  agree(policy, policyFaults);
});
