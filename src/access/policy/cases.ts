/** The file of `sojourn policy test`: guards, clients and connections of one test file, and the decisions expected of them. */
import { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import { labelsField, purposeName } from '../../platform/validation/index.ts';
import { type Method, methodNames, ruleInput, selectors } from '../clients/index.ts';
import { type Decision, decide, type Question } from './decide.ts';
import { guardsField } from './guards.ts';

const fixtureName = z.string().min(1, 'must not be empty').max(100, 'must have at most 100 characters');
const flag = z.boolean('must be true or false').default(false);

const client = z.strictObject({
  method: z.enum(methodNames, `must be one of ${methodNames.join(', ')}`).default('client_secret'),
  may_use: z.array(ruleInput).max(1000).default([]),
  disabled: flag,
});

const connection = z.strictObject({
  id: selectors.connection.describe('Set it if a rule or a guard selects the connection by id.'),
  tenant: selectors.tenant,
  cloud: selectors.cloud.unwrap(),
  labels: labelsField.default({}),
  purposes: z.array(purposeName).max(20, 'must be 20 at most').default([]),
  disabled: flag,
});

const policyTest = z.strictObject({
  name: z
    .string()
    .max(200, 'must not be over 200 characters')
    .exactOptional()
    .describe('What the test shows.'),
  client: fixtureName,
  connection: fixtureName,
  purpose: z
    .string()
    .nullable()
    .exactOptional()
    .describe('null for a cloud token; if omitted, the decision for a caller that sends no purpose.'),
  claims: z
    .record(z.string(), z.string('must be a string'))
    .default({})
    .describe('Claims of the token with which the client signed in, named as in the conditions.'),
  at: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-31T12:00:00+01:00' })
    .transform((text) => Date.parse(text))
    .exactOptional()
    .describe('Required if a rule or a guard depends on hours.'),
  expect: z.enum(['allow', 'deny'], 'must be allow or deny'),
  reason: z
    .string()
    .exactOptional()
    .describe(
      'The expected reason, such as `guard NAME`, `rule 0`, `no_rule_matched`, `condition_unmet` or `purpose_not_allowed`.',
    ),
});

/** `sojourn policy apply` accepts the same file. */
export const policyFile = z.strictObject({
  version: z
    .int('must be a whole number')
    .min(0, 'must be 0 or more')
    .exactOptional()
    .describe('The version of the policy on the server that this file replaces when it is applied.'),
  guards: guardsField.default([]),
  clients: z.record(fixtureName, client).default({}),
  connections: z.record(fixtureName, connection).default({}),
  tests: z.array(policyTest).default([]),
});

export type PolicyFile = z.output<typeof policyFile>;

/** What the schema cannot check: references to missing entries, claims without federation, and a missing time. */
export function policyFileFaults({ guards, clients, connections, tests }: PolicyFile): readonly Fault[] {
  const dependsOnHours = [
    ...guards.map(({ require }) => require),
    ...Object.values(clients).flatMap(({ may_use }) => may_use.map(({ when = {} }) => when)),
  ].some(({ hours }) => hours !== undefined);
  return tests.flatMap((test, index) => {
    const faults: Fault[] = [];
    const refuse = (path: string, message: string) =>
      faults.push({ path: `tests.${index}.${path}`, message });
    const known = Object.hasOwn(clients, test.client) ? clients[test.client] : undefined;
    if (!known) refuse('client', 'is not a client of this file');
    if (!Object.hasOwn(connections, test.connection))
      refuse('connection', 'is not a connection of this file');
    if (known && known.method !== 'federated' && Object.keys(test.claims).length > 0)
      refuse('claims', `must be empty: the client authenticates with ${known.method}`);
    if (dependsOnHours && test.at === undefined)
      refuse('at', 'is missing: a rule or a guard in this file depends on hours');
    return faults;
  });
}

export interface TestOutcome {
  readonly passed: boolean;
  readonly name: string;
  readonly expected: string;
  readonly decided: string;
  readonly decision: Decision;
}

/** Runs every test of a file for which `policyFileFaults` returns no faults. Pure. */
export const runTests = (file: PolicyFile): readonly TestOutcome[] =>
  file.tests.map((test, index) => {
    const decision = decide(file.guards, questionOf(file, test));
    const verdict = decision.allowed ? 'allow' : 'deny';
    const reason = reasonOf(decision);
    const sameReason = test.reason === undefined || [reason, decision.reason].includes(test.reason);
    return {
      passed: verdict === test.expect && sameReason,
      name: test.name ?? `${index + 1}`,
      expected: test.reason === undefined ? test.expect : `${test.expect}: ${test.reason}`,
      decided: `${verdict}: ${reason}`,
      decision,
    };
  });

function questionOf({ clients, connections }: PolicyFile, test: PolicyFile['tests'][number]): Question {
  const { method, ...policyClient } = clients[test.client]!;
  const { purposes, ...subject } = connections[test.connection]!;
  const auth: { method: Method } = { method };
  return {
    client: { ...policyClient, auth },
    // The name is a placeholder: without an id, no rule or guard can select the connection by id.
    connection: {
      id: test.connection,
      tenant: '',
      ...subject,
      purposes: Object.fromEntries(purposes.map((name) => [name, {}])),
    },
    claims: test.claims,
    at: test.at ?? 0,
    ...(test.purpose === undefined ? {} : { purpose: test.purpose }),
  };
}

/** The reason as a test file writes it: the guard's name or the rule's index where one of them decided. */
function reasonOf({ reason, rule, guard }: Decision): string {
  if (reason === 'guard_refused') return `guard ${guard}`;
  return reason === 'rule_matched' ? `rule ${rule?.index}` : reason;
}
