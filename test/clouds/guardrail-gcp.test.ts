/**
 * Guardrails of Google Cloud: the verdict of the lint equals what the sandbox does, for documents of the shapes that gcloud
 * prints. The two share no code.
 */
import { describe, expect, test } from '@jest/globals';
import { lintGuardrail } from '../../src/clouds/gcp/guardrail/index.ts';
import { createCloudState } from '../../src/sandbox/gcp/cloud-state.ts';
import { perimeterRefusal, providerRefusal } from '../../src/sandbox/gcp/guardrails.ts';
import { createGuardrails } from '../../src/sandbox/guardrails.ts';
import { createState } from '../../src/sandbox/state.ts';
import { gcpFacts, gcpTarget } from '../onboarding/setup/gcp.arrange.ts';

const facts = gcpFacts();
const { issuer } = facts;
const project = '123456789';
const pool = `projects/${project}/locations/global/workloadIdentityPools/sojourn-a1`;
const principal = `principal://iam.googleapis.com/${pool}/subject/${facts.subject}`;
const target = gcpTarget({ service_account: 'deployer@acme.iam.gserviceaccount.com' });
const lint = (document: unknown) => lintGuardrail(target, facts, document);

function stateWith(document: unknown) {
  const guardrails = createGuardrails();
  guardrails.set([{ document: document as Readonly<Record<string, unknown>> }]);
  return createCloudState(createState(Date.now, () => '').runtime, guardrails);
}

const admitsIssuer = (document: unknown, other = issuer) =>
  providerRefusal(stateWith(document), pool, other) === undefined;

const exchange = { service: 'sts.googleapis.com', method: 'any', principals: [] };
const impersonate = (subject: string) => ({
  service: 'iamcredentials.googleapis.com',
  method: 'google.iam.credentials.v1.IAMCredentials.GenerateAccessToken',
  principals: [`principal://iam.googleapis.com/${pool}/subject/${subject}`],
});
const stepsRefused = (document: unknown, subject = facts.subject) =>
  [
    ['exchange a token', exchange] as const,
    ['impersonate the service account', impersonate(subject)] as const,
  ].flatMap(([step, call]) => (perimeterRefusal(stateWith(document), project, call) ? [step] : []));

const name = `projects/${project}/policies/iam.workloadIdentityPoolProviders`;
const rules = (...list: object[]) => ({ name, spec: { rules: list } });
const legacy = (listPolicy: object) => ({
  constraint: 'constraints/iam.workloadIdentityPoolProviders',
  listPolicy,
});
const github = 'https://token.actions.githubusercontent.com';

const constraints: [string, object, boolean][] = [
  ['allows another issuer', rules({ values: { allowedValues: [github] } }), false],
  [
    'allows AWS accounts and this issuer',
    rules({ values: { allowedValues: ['https://sts.amazonaws.com', issuer] } }),
    true,
  ],
  ['allows this issuer with a prefix', rules({ values: { allowedValues: [`is:${issuer}`] } }), true],
  ['denies this issuer', rules({ values: { deniedValues: [issuer] } }), false],
  ['denies another issuer', rules({ values: { deniedValues: [github] } }), true],
  ['denies all', rules({ denyAll: true }), false],
  ['allows all', rules({ allowAll: true }), true],
  ['is reset', { name, spec: { reset: true } }, true],
  ['is version 1 and allows another issuer', legacy({ allowedValues: [github] }), false],
  ['is version 1 and denies this issuer', legacy({ deniedValues: [issuer] }), false],
  ['is version 1 and denies all', legacy({ allValues: 'DENY' }), false],
  ['is version 1 and allows all', legacy({ allValues: 'ALLOW' }), true],
];

describe('the lint of the constraint on identity providers agrees with the sandbox if it', () => {
  test.each(constraints)('%s', (_, document, allows) => {
    const result = lint(document);
    expect([result.verdict, admitsIssuer(document)]).toEqual([allows ? 'allows' : 'refuses', allows]);
    if (allows) return expect(result.exception).toBeNull();
    const exception = JSON.parse(result.exception ?? '');
    expect([lint(exception).verdict, admitsIssuer(exception)]).toEqual(['allows', true]);
    for (const other of [github, `${issuer}2`])
      expect(admitsIssuer(exception, other)).toBe(admitsIssuer(document, other));
    const reverse = JSON.parse(result.reverse);
    expect([lint(reverse).verdict, admitsIssuer(reverse), admitsIssuer(reverse, github)]).toEqual([
      'allows',
      true,
      false,
    ]);
    return undefined;
  });

  test('the verdict is unknown for a rule that depends on tags', () => {
    const document = rules({
      denyAll: true,
      condition: { expression: "resource.matchTag('1/env', 'prod')" },
    });
    expect(lint(document)).toMatchObject({
      verdict: 'unknown',
      notes: ['spec.rules[0] applies only to resources with the tags of its condition.'],
    });
  });
});

const perimeter = (status: object) => ({
  name: 'accessPolicies/1/servicePerimeters/prod',
  title: 'prod',
  status: {
    resources: [`projects/${project}`],
    restrictedServices: ['storage.googleapis.com', 'sts.googleapis.com', 'iamcredentials.googleapis.com'],
    ...status,
  },
});
const ingress = (from: object, service: string, more: object = {}) => ({
  ingressFrom: { sources: [{ accessLevel: '*' }], ...from },
  ingressTo: {
    resources: ['*'],
    operations: [{ serviceName: service, methodSelectors: [{ method: '*' }] }],
    ...more,
  },
});
const anybody = { identityType: 'ANY_IDENTITY' };
const both = ['exchange a token', 'impersonate the service account'];

const perimeters: [string, object, readonly string[]][] = [
  ['restricts both services', perimeter({}), both],
  ['restricts other services', perimeter({ restrictedServices: ['storage.googleapis.com'] }), []],
  ['is around other projects', perimeter({ resources: ['projects/1'] }), []],
  ['is a bridge', { ...perimeter({}), perimeterType: 'PERIMETER_TYPE_BRIDGE' }, []],
  ['is only a dry run', { ...perimeter({ restrictedServices: [] }), spec: perimeter({}).status }, []],
  [
    'admits everybody',
    perimeter({ ingressPolicies: [ingress(anybody, '*', { operations: [{ serviceName: '*' }] })] }),
    [],
  ],
  [
    'admits everybody to STS',
    perimeter({ ingressPolicies: [ingress(anybody, 'sts.googleapis.com')] }),
    both.slice(1),
  ],
  [
    'admits the subject to the other service',
    perimeter({
      ingressPolicies: [
        ingress(anybody, 'sts.googleapis.com'),
        ingress({ identities: [principal] }, 'iamcredentials.googleapis.com'),
      ],
    }),
    [],
  ],
  [
    'admits service accounts',
    perimeter({
      ingressPolicies: [
        ingress({ identityType: 'ANY_SERVICE_ACCOUNT' }, '*', { operations: [{ serviceName: '*' }] }),
      ],
    }),
    both,
  ],
  [
    'admits an access level',
    perimeter({
      ingressPolicies: [
        ingress(
          { ...anybody, sources: [{ accessLevel: 'accessPolicies/1/accessLevels/office' }] },
          'sts.googleapis.com',
        ),
      ],
    }),
    both,
  ],
];

describe('the lint of a perimeter agrees with the sandbox if it', () => {
  test.each(perimeters)('%s', (_, document, steps) => {
    const result = lint(document);
    expect([result.refusals.map(({ step }) => step), stepsRefused(document)]).toEqual([steps, steps]);
    if (steps.length === 0) return expect(result.exception).toBeNull();
    const exception = JSON.parse(result.exception ?? '');
    const reverse = JSON.parse(result.reverse);
    for (const changed of [exception, reverse])
      expect([lint(changed).verdict, stepsRefused(changed), stepsRefused(changed, 'con_b')]).toEqual([
        'allows',
        [],
        both.slice(1),
      ]);
    return undefined;
  });

  test('the notes name the access levels that could admit the server', () => {
    expect(lint(perimeter({ accessLevels: ['accessPolicies/1/accessLevels/office'] })).notes).toEqual([
      'Unless one of these access levels admits the address of the server: accessPolicies/1/accessLevels/office.',
    ]);
  });
});

test('other documents are refused', () => {
  for (const document of [
    [],
    {},
    { name: 'projects/1/policies/compute.requireOsLogin', spec: { rules: [] } },
  ])
    expect(() => lint(document)).toThrow(/^document: must be a policy of iam\.workloadIdentityPoolProviders/);
});
