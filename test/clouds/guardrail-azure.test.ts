/**
 * Azure Policy: the verdict of the lint equals what the sandbox does, for definitions of the shapes that Azure publishes for
 * managed identities. The two share no code.
 */
import { describe, expect, test } from '@jest/globals';
import { lintGuardrail } from '../../src/clouds/azure/guardrail/index.ts';
import { policyRefusal } from '../../src/sandbox/azure/policy.ts';
import { composeResourceId, parseResourceId } from '../../src/sandbox/azure/resource-id.ts';
import type { JsonObject } from '../../src/sandbox/azure/template/json.ts';
import { facts as anyFacts } from '../onboarding/setup/arrange.ts';

const facts = anyFacts({ audience: 'api://AzureADTokenExchange' });
const { issuer, subject, audience } = facts;
const subscription = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const group = `/subscriptions/${subscription}/resourceGroups/workloads`;
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const identity = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const credential = `${identity}/federatedIdentityCredentials`;
const assignment = 'Microsoft.Authorization/roleAssignments';
const github = 'https://token.actions.githubusercontent.com';

const steps = ['create the identity', 'create the federated credential', `assign the role ${reader}`];

/** What the sandbox does with the resources of the set-up. */
function refusedSteps(document: unknown, sub = subject, iss = issuer): string[] {
  const resources: [string, string[], JsonObject][] = [
    [identity, [`sojourn-${facts.connection.id}`], { location: 'westeurope' }],
    [
      credential,
      [`sojourn-${facts.connection.id}`, facts.connection.id],
      { properties: { issuer: iss, subject: sub, audiences: [audience] } },
    ],
    [
      assignment,
      ['5f0c2c2f-5a11-4d2a-9a61-0b5c1a528f0e'],
      {
        properties: {
          roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
          principalId: '0b5c1a52-8f0e-4d2a-9a61-2f0c2c2f5a11',
          principalType: 'ServicePrincipal',
        },
      },
    ],
  ];
  return resources.flatMap(([type, names, body], index) => {
    const target = parseResourceId(composeResourceId(group, type, names));
    if (!target) throw new Error(type);
    const refusal = policyRefusal([document as JsonObject], target, body);
    if (refusal) expect(refusal).toMatchObject({ code: 'RequestDisallowedByPolicy' });
    return refusal ? [steps[index] as string] : [];
  });
}

const definition = (condition: object, effect = 'deny', parameters: object = {}) => ({
  properties: {
    displayName: 'Guard',
    mode: 'All',
    parameters,
    // biome-ignore lint/suspicious/noThenProperty: the name is Azure Policy's
    policyRule: { if: condition, then: { effect } },
  },
});
const ofType = (type: string, ...more: object[]) => ({ allOf: [{ field: 'type', equals: type }, ...more] });
const issuerField = `${credential}/issuer`;
const host = `[if(greaterOrEquals(length(split(field('${issuerField}'),'/')),3),split(field('${issuerField}'),'/')[2],'')]`;
const owner = `[if(greaterOrEquals(length(split(field('${credential}/subject'),':')),2),split(field('${credential}/subject'),':')[1],'')]`;

/** The published limit to well-known issuers. */
const wellKnown = (values: object) => ({
  definition: definition(
    ofType(credential, {
      anyOf: [
        { value: "[parameters('allowFederatedCredentials')]", equals: false },
        {
          allOf: [
            { field: issuerField, equals: github },
            { value: "[parameters('allowGitHub')]", equals: false },
          ],
        },
        {
          allOf: [
            {
              not: {
                anyOf: [
                  { value: host, like: '*.oic.prod-aks.azure.com' },
                  { field: issuerField, equals: github },
                ],
              },
            },
            { not: { field: issuerField, in: "[parameters('allowedIssuerExceptions')]" } },
          ],
        },
      ],
    }),
    "[parameters('effect')]",
    {
      allowFederatedCredentials: { type: 'Boolean', defaultValue: false },
      allowGitHub: { type: 'Boolean', defaultValue: false },
      allowedIssuerExceptions: { type: 'Array', defaultValue: [] },
      effect: { type: 'String', defaultValue: 'Audit' },
    },
  ),
  assignment: { properties: { parameters: values } },
});
const value = (content: unknown) => ({ value: content });
const on = { allowFederatedCredentials: value(true), effect: value('Deny') };

/** The published limit to repositories of trusted owners. */
const owners = definition(
  ofType(credential, {
    allOf: [
      { field: issuerField, equals: github },
      {
        not: {
          anyOf: [
            { count: { value: "[parameters('allowedRepoOwners')]" }, equals: 0 },
            { value: owner, in: "[parameters('allowedRepoOwners')]" },
          ],
        },
      },
    ],
  }),
  'Deny',
  { allowedRepoOwners: { type: 'Array', defaultValue: ['acme'] } },
);

const [, trust, role] = steps as [string, string, string];
const policies: [string, object, readonly string[]][] = [
  ['well-known issuers, audited', wellKnown({}), []],
  ['well-known issuers', wellKnown(on), [trust]],
  ['no issuers', wellKnown({ effect: value('Deny') }), [trust]],
  [
    'issuers with this one as an exception',
    wellKnown({ ...on, allowedIssuerExceptions: value([issuer]) }),
    [],
  ],
  [
    'issuers with another exception',
    wellKnown({ ...on, allowedIssuerExceptions: value(['https://a.example']) }),
    [trust],
  ],
  ['repositories of owners', owners, []],
  [
    'issuers in a list',
    definition(ofType(credential, { not: { field: issuerField, in: [github] } })),
    [trust],
  ],
  ['credentials', definition(ofType(credential)), [trust]],
  ['identities', definition(ofType(identity)), [steps[0] as string]],
  ['other types', definition(ofType('Microsoft.Compute/virtualMachines')), []],
  [
    'roles outside of a list',
    definition(ofType(assignment, { field: `${assignment}/roleDefinitionId`, notContains: 'b24988ac' })),
    [role],
  ],
  [
    'roles in a list',
    definition(ofType(assignment, { field: `${assignment}/roleDefinitionId`, contains: reader })),
    [role],
  ],
  [
    'service principals',
    definition(ofType(assignment, { field: `${assignment}/principalType`, equals: 'serviceprincipal' })),
    [role],
  ],
  [
    'users',
    definition(ofType(assignment, { field: `${assignment}/principalType`, in: ['User', 'Group'] })),
    [],
  ],
  [
    'audiences',
    definition(ofType(credential, { field: `${credential}/audiences[*]`, notLike: 'api://*' })),
    [],
  ],
  [
    'everything in ARM of managed identities',
    definition({ field: 'type', like: 'Microsoft.ManagedIdentity/*' }),
    steps.slice(0, 2),
  ],
  ['a disabled rule', definition(ofType(credential), 'disabled'), []],
];

describe('the lint of an Azure policy on', () => {
  test.each(policies)('%s agrees with the sandbox', (_, document, refused) => {
    const result = lintGuardrail(facts, document);
    expect([result.refusals.map(({ step }) => step), refusedSteps(document)]).toEqual([refused, refused]);
    expect(result.verdict).toBe(refused.length === 0 ? 'allows' : 'refuses');
    if (refused.length === 0) return expect(result.exception).toBeNull();
    const exception = JSON.parse(result.exception ?? '');
    expect([lintGuardrail(facts, exception).verdict, refusedSteps(exception)]).toEqual(['allows', []]);
    for (const [sub, iss] of [
      ['con_b', issuer],
      [subject, 'https://other.example.com'],
    ])
      expect(refusedSteps(exception, sub, iss).includes(trust)).toBe(
        refusedSteps(document, sub, iss).includes(trust),
      );
    const reverse = JSON.parse(result.reverse);
    expect([
      refusedSteps(reverse),
      refusedSteps(reverse, 'con_b'),
      refusedSteps(reverse, subject, github),
    ]).toEqual([[], [trust], [trust]]);
    return undefined;
  });

  test.each([
    ['a condition', definition(ofType(credential, { field: issuerField, match: 'https://##' }))],
    ['a tag', definition(ofType(identity, { field: "tags['env']", equals: 'prod' }))],
    ['a function', definition(ofType(credential, { value: '[utcNow()]', equals: 'x' }))],
    [
      'a parameter without a value',
      definition(ofType(credential, { field: issuerField, in: "[parameters('a')]" })),
    ],
  ])('%s that is not read has the verdict unknown', (_, document) => {
    const { verdict, notes, refusals } = lintGuardrail(facts, document);
    expect([verdict, refusals]).toEqual(['unknown', []]);
    expect(notes).toEqual([
      expect.stringMatching(/^To create the .*: the rule depends on a part that is not understood\.$/),
    ]);
  });

  test('the output of the Azure CLI without properties is read, and other documents are refused', () => {
    expect(lintGuardrail(facts, definition(ofType(credential)).properties)).toMatchObject({
      verdict: 'refuses',
      refusals: [{ step: trust, rule: 'Guard', path: 'policyRule.if' }],
    });
    for (const document of [[], {}, { policyRule: {} }])
      expect(() => lintGuardrail(facts, document)).toThrow(/^document: must be a policy definition/);
  });
});
