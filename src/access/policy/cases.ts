/** A policy that is tried out without a server: guards, clients and connections of one file, and what is expected of them. */
import { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import { labelsField, purposeName } from '../../platform/validation/index.ts';
import { type Method, methodNames, ruleInput, selectors } from '../clients/index.ts';
import { type Decision, decide, type Question } from './decide.ts';
import { guardsField } from './guards.ts';

const fixtureName = z.string().min(1, 'must not be empty').max(100, 'must not be over 100 characters');
const flag = z.boolean('must be true or false').default(false);

const client = z.strictObject({
  method: z.enum(methodNames, `must be one of ${methodNames.join(', ')}`).default('client_secret'),
  may_use: z.array(ruleInput).max(1000).default([]),
  disabled: flag,
});

const connection = z.strictObject({
  id: selectors.connection.describe('Where rules or guards name it by its id.'),
  tenant: selectors.tenant,
  cloud: selectors.cloud.unwrap(),
  labels: labelsField.default({}),
  purposes: z.array(purposeName).max(20, 'must be 20 at most').default([]),
  disabled: flag,
});

const oneTest = z.strictObject({
  name: z
    .string()
    .max(200, 'must not be over 200 characters')
    .exactOptional()
    .describe('What it is to show.'),
  client: fixtureName,
  connection: fixtureName,
  purpose: z
    .string()
    .nullable()
    .exactOptional()
    .describe('null for a cloud token; without it what a caller gets that names none.'),
  claims: z
    .record(z.string(), z.string('must be a text'))
    .default({})
    .describe('Of the token by which it has signed in, named as in the conditions.'),
  at: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-31T12:00:00+01:00' })
    .transform((text) => Date.parse(text))
    .exactOptional()
    .describe('Needed where a rule or a guard depends on hours.'),
  expect: z.enum(['allow', 'deny'], 'must be allow or deny'),
  because: z
    .string()
    .exactOptional()
    .describe('The reason, as in `guard NAME`, `rule 0`, `no_rule`, `when` or `purposes`.'),
});

/** The file of `sojourn policy test`, which `sojourn policy apply` takes as well. */
export const policyFile = z.strictObject({
  version: z
    .int('must be a whole number')
    .min(0, 'must be 0 or more')
    .exactOptional()
    .describe('The version of the server’s policy that it replaces when it is applied.'),
  guards: guardsField.default([]),
  clients: z.record(fixtureName, client).default({}),
  connections: z.record(fixtureName, connection).default({}),
  tests: z.array(oneTest).default([]),
});

export type PolicyFile = z.output<typeof policyFile>;

/** What the file's own schema cannot see: names that stand for nothing, and times that would be any. */
export function faultsInCases({ guards, clients, connections, tests }: PolicyFile): readonly Fault[] {
  const ofHours = [
    ...guards.map(({ require }) => require),
    ...Object.values(clients).flatMap(({ may_use }) => may_use.map(({ when = {} }) => when)),
  ].some(({ hours }) => hours !== undefined);
  return tests.flatMap((one, index) => {
    const faults: Fault[] = [];
    const refuse = (path: string, message: string) =>
      faults.push({ path: `tests.${index}.${path}`, message });
    const known = Object.hasOwn(clients, one.client) ? clients[one.client] : undefined;
    if (!known) refuse('client', 'there is no such client in this file');
    if (!Object.hasOwn(connections, one.connection))
      refuse('connection', 'there is no such connection in this file');
    if (known && known.method !== 'federated' && Object.keys(one.claims).length > 0)
      refuse('claims', `cannot be: the client authenticates by ${known.method}`);
    if (ofHours && one.at === undefined) refuse('at', 'is missing: something here depends on hours');
    return faults;
  });
}

export interface Outcome {
  readonly passed: boolean;
  readonly name: string;
  readonly expected: string;
  readonly decided: string;
  readonly decision: Decision;
}

/** Every test of a file in which `faultsInCases` finds nothing. Pure. */
export const outcomesOf = (file: PolicyFile): readonly Outcome[] =>
  file.tests.map((one, index) => {
    const decision = decide(file.guards, questionOf(file, one));
    const verdict = decision.allowed ? 'allow' : 'deny';
    const reason = reasonOf(decision);
    const sameReason = one.because === undefined || [reason, decision.because].includes(one.because);
    return {
      passed: verdict === one.expect && sameReason,
      name: one.name ?? `${index + 1}`,
      expected: one.because === undefined ? one.expect : `${one.expect}: ${one.because}`,
      decided: `${verdict}: ${reason}`,
      decision,
    };
  });

function questionOf({ clients, connections }: PolicyFile, one: PolicyFile['tests'][number]): Question {
  const { method, ...caller } = clients[one.client]!;
  const { purposes, ...place } = connections[one.connection]!;
  const auth: { method: Method } = { method };
  return {
    client: { ...caller, auth },
    // A name is no id: without one no rule and no guard can mean it.
    connection: {
      id: one.connection,
      tenant: '',
      ...place,
      purposes: Object.fromEntries(purposes.map((name) => [name, {}])),
    },
    claims: one.claims,
    at: one.at ?? 0,
    ...(one.purpose === undefined ? {} : { purpose: one.purpose }),
  };
}

/** What decided, by its name. */
function reasonOf({ because, rule, guard }: Decision): string {
  if (because === 'guard') return `guard ${guard}`;
  return because === 'rule' ? `rule ${rule?.index}` : because;
}
