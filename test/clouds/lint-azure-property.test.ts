/**
 * The lint of federated credentials against the sandbox of Entra, which shares no code with it, and credentials from the field.
 * SOJOURN_LINT_SEED repeats a run.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clouds, diagnosisOf, type LintResult } from '../../src/clouds/index.ts';
import { matchCredential } from '../../src/sandbox/azure/matching.ts';
import { repetitions } from '../support/scale.ts';

const seed = Number(process.env.SOJOURN_LINT_SEED ?? randomInt(2 ** 31));
const own = 'con_01k0abcdefghjkmnpqrstvwxyz';
const issuer = 'https://id.example.com/t/1';
const github = 'https://token.actions.githubusercontent.com';
const guid = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';
const target = clouds.azure.target.parse({ tenant_id: guid, client_id: guid });
const { audience } = clouds.azure.entry(target);

const lint = (document: unknown): LintResult =>
  diagnosisOf('azure').lint(
    target,
    { issuer, subject: own, audience, vendor: 'V', connection: { id: own, name: 'prod' } },
    document,
  );

const rulesOf = ({ findings }: LintResult) => findings.map(({ rule }) => rule);

interface Credential {
  readonly name: string;
  readonly issuer: string;
  readonly subject?: string;
  readonly audiences: readonly string[];
  readonly claimsMatchingExpression?: object;
}

const pairOf = ({ issuer: by, subject }: { issuer: string; subject?: string | undefined }) =>
  `${by} ${subject}`;

/** Whether Entra admits a token. The sandbox knows no expressions: they never match a token of our issuer. */
function admits(list: readonly Credential[], token: { issuer: string; subject: string }): boolean {
  const resources = list
    .filter(
      (one) =>
        one.subject !== undefined && one.claimsMatchingExpression === undefined && one.audiences.length === 1,
    )
    .map(({ name, issuer: by, subject = '', audiences }) => ({
      ...{ id: name, name, type: '', changedAt: 0 },
      properties: { issuer: by, subject, audiences: [...audiences] },
    }));
  if (list.filter((one) => pairOf(one) === pairOf(token)).length > 1) return false;
  const state = { now: () => 1, propagationSeconds: () => 0 } as unknown as Parameters<
    typeof matchCredential
  >[3];
  return (
    matchCredential(
      { ...token, audiences: [audience] } as unknown as Parameters<typeof matchCredential>[0],
      resources,
      guid,
      state,
    ) === undefined
  );
}

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const credential: fc.Arbitrary<Credential> = fc
  .record(
    {
      issuer: pick(issuer, issuer, issuer, `${issuer}/`, github, issuer.toUpperCase()),
      subject: pick(own, own, own, own.toUpperCase(), 'con_b', 'con_*', 'repo:acme/app:ref:refs/heads/main'),
      audiences: pick(
        [audience],
        [audience],
        [audience],
        ['api://AzureADTokenExchangeUSGov'],
        [audience, 'x'],
      ),
      claimsMatchingExpression: pick(
        { value: "claims['sub'] matches 'repo:acme/*'", languageVersion: 1 },
        { value: "claims['sub'] eq 'repo:acme/app'", languageVersion: 1 },
      ),
    },
    { requiredKeys: ['issuer', 'subject', 'audiences'] },
  )
  .map((fields) => {
    const { claimsMatchingExpression: expression, subject, ...rest } = fields;
    return expression && rest.issuer === github
      ? { ...rest, name: '', claimsMatchingExpression: expression }
      : { ...rest, name: '', subject };
  });
const lists = fc
  .array(credential, { minLength: 1, maxLength: 4 })
  .map((list) => list.map((one, index) => ({ ...one, name: `credential-${index}` })))
  // Entra takes the same issuer and subject only once; ours may be there twice, as a race leaves it.
  .filter((list) => {
    const pairs = list.map(pairOf).filter((pair) => pair !== pairOf({ issuer, subject: own }));
    return new Set(pairs).size === pairs.length;
  });

const strangers = [
  ...['con_b', 'con_zzz', own.toUpperCase(), 'con_*'].map((subject) => ({ issuer, subject })),
  { issuer: github, subject: 'repo:acme/app:ref:refs/heads/main' },
  { issuer: `${issuer}/`, subject: own },
];

test('the lint of credentials agrees with the sandbox about who gets in, and its corrections keep all other credentials', () => {
  process.stderr.write(`SOJOURN_LINT_SEED=${seed}\n`);
  const grades = new Map<string, number>();
  fc.assert(
    fc.property(lists, (list) => {
      const { grade, findings, corrected } = lint(list);
      grades.set(grade, (grades.get(grade) ?? 0) + 1);
      const isIn = admits(list, { issuer, subject: own });
      expect({ list, isIn }).toEqual({
        list,
        isIn: !findings.some(({ severity }) => severity === 'blocks_access'),
      });
      if (strangers.some((token) => admits(list, token))) expect(grade).toMatch(/[CDF]/);
      const isOpen = list.some(
        ({ issuer: by, subject, claimsMatchingExpression: expression }) =>
          JSON.stringify(expression ?? '').includes('*') || (by === github && subject === own),
      );
      expect({ list, isOpen }).toEqual({ list, isOpen: grade === 'F' });
      const after = JSON.parse(corrected ?? '') as Credential[];
      expect({ list, isIn: admits(after, { issuer, subject: own }) }).toEqual({ list, isIn: true });
      const added = strangers.filter((token) => admits(after, token) && !admits(list, token));
      expect({ list, added: isIn ? added : [] }).toEqual({ list, added: [] });
    }),
    { seed, numRuns: repetitions({ part: 2_000, full: 10_000 }) },
  );
  expect(Math.min(...['A', 'C', 'D', 'F'].map((grade) => grades.get(grade) ?? 0))).toBeGreaterThan(5);
});

const ours = { name: 'sojourn', issuer, subject: own, audiences: [audience] };
const flexible = (value: string) => ({
  ...{ name: 'github', issuer: github, audiences: [audience] },
  claimsMatchingExpression: { value, languageVersion: 1 },
});

describe('the lint of all credentials of an identity', () => {
  test.each<[string, unknown, string, readonly string[]]>([
    [
      'a subject of GitHub',
      [ours, { ...ours, name: 'gh', issuer: github, subject: 'repo:acme/app' }],
      'C',
      ['other_issuers'],
    ],
    [
      'our subject at another issuer',
      [ours, { ...ours, name: 'gh', issuer: github }],
      'F',
      ['foreign_issuer'],
    ],
    [
      'a pattern of GitHub',
      [ours, flexible("claims['sub'] matches 'repo:acme/*'")],
      'F',
      ['other_subjects_by_pattern'],
    ],
    [
      'an exact expression of GitHub',
      [ours, flexible("claims['sub'] eq 'repo:acme/app'")],
      'C',
      ['other_issuers'],
    ],
    [
      'a pattern and an exact claim',
      [ours, flexible("claims['sub'] matches 'repo:*' and claims['job_workflow_ref'] eq 'acme/w'")],
      'C',
      ['other_issuers'],
    ],
    [
      'an expression that cannot be read',
      [ours, flexible("claims['sub'] startswith 'repo:'")],
      'C',
      ['not_understood'],
    ],
    [
      'an expression for our issuer',
      [ours, { ...flexible("claims['sub'] matches 'con_*'"), issuer }],
      'B',
      ['expression'],
    ],
    ['an entry that is no credential', [ours, 7], 'C', ['not_understood']],
    ['a member that is not known', [{ ...ours, mode: 'x' }], 'C', ['not_understood']],
  ])('grades %s', (_, document, grade, rules) => {
    const result = lint(document);
    expect({ grade: result.grade, rules: rulesOf(result) }).toEqual({ grade, rules });
  });

  test('grades a list from the field', () => {
    const file = join(import.meta.dirname, '../fixtures/field/azure-gcp/A8-azure-list-with-github.json');
    const text = readFileSync(file, 'utf8').replaceAll('ISSUER', issuer).replaceAll('con_SUBJECT', own);
    expect(lint(JSON.parse(text)).findings).toEqual([
      {
        ...{ rule: 'other_subjects_by_pattern', severity: 'overly_permissive', path: '[1]' },
        detail: `The expression matches more than one subject of ${github}: repo:x gets in, for example.`,
        advice: 'Delete it, unless both should use this identity.',
      },
    ]);
  });
});
