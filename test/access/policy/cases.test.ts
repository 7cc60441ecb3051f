/** The limits and faults of a policy file, and the outcomes of its tests; test/tools/cli/policy.test.ts runs the command. */
import { describe, expect, test } from '@jest/globals';
import { policyFile, policyFileFaults, runTests } from '../../../src/access/policy/index.ts';
import { newId } from '../../../src/platform/ids/index.ts';
import { read } from '../../../src/platform/validation/index.ts';
import { faultsOf, noon } from '../../support/modules.ts';

const parse = (file: object) => read(policyFile, file);
const aws = { cloud: 'aws' };
const testCase = { client: 'a', connection: 'c', expect: 'deny' };
const many = (count: number, value: unknown) => Array.from({ length: count }, () => value);

describe('a policy file', () => {
  test('has defaults for everything but what a test expects', () => {
    expect(parse({})).toEqual({ guards: [], clients: {}, connections: {}, tests: [] });
    expect(parse({ clients: { a: {} }, connections: { c: aws }, tests: [testCase] })).toEqual({
      guards: [],
      clients: { a: { method: 'client_secret', may_use: [], disabled: false } },
      connections: { c: { cloud: 'aws', labels: {}, purposes: [], disabled: false } },
      tests: [{ ...testCase, claims: {} }],
    });
  });

  test('accepts every value at its limit', () => {
    const name = 'n'.repeat(100);
    const file = {
      version: 0,
      clients: { [name]: { may_use: many(1000, aws) } },
      connections: { [name]: { ...aws, purposes: many(20, 'read') } },
      tests: [{ ...testCase, name: 't'.repeat(200), client: name, connection: name }],
    };
    expect(parse(file)).toMatchObject(file);
  });

  const methods = 'client_secret, private_key_jwt, federated, tls';
  test.each<[object, string, string]>([
    [{ version: -1 }, 'version', 'must be 0 or more'],
    [{ version: 1.5 }, 'version', 'must be a whole number'],
    [{ clients: { a: { method: 'password' } } }, 'clients.a.method', `must be one of ${methods}`],
    [{ clients: { a: { disabled: 1 } } }, 'clients.a.disabled', 'must be true or false'],
    [{ connections: { c: {} } }, 'connections.c.cloud', 'is missing'],
    [
      { connections: { c: { ...aws, purposes: many(21, 'read') } } },
      'connections.c.purposes',
      'must be 20 at most',
    ],
    [{ tests: [{ ...testCase, name: 't'.repeat(201) }] }, 'tests.0.name', 'must not be over 200 characters'],
    [{ tests: [{ ...testCase, client: '' }] }, 'tests.0.client', 'must not be empty'],
    [
      { tests: [{ ...testCase, client: 'n'.repeat(101) }] },
      'tests.0.client',
      'must have at most 100 characters',
    ],
    [{ tests: [{ ...testCase, claims: { ref: 1 } }] }, 'tests.0.claims.ref', 'must be a string'],
    [
      { tests: [{ ...testCase, at: '2027-01-31' }] },
      'tests.0.at',
      'must be a time such as 2027-01-31T12:00:00+01:00',
    ],
    [{ tests: [{ ...testCase, expect: 'maybe' }] }, 'tests.0.expect', 'must be allow or deny'],
    [{ tests: [{ ...testCase, other: 1 }] }, 'tests.0.other', 'is not known here'],
  ])('rejects %j', async (file, path, message) => {
    expect(await faultsOf(() => parse(file))).toEqual([{ path, message }]);
  });

  test('rejects more than 1,000 rules of a client', async () => {
    const faults = await faultsOf(() => parse({ clients: { a: { may_use: many(1001, aws) } } }));
    expect(faults.map(({ path }) => path)).toEqual(['clients.a.may_use']);
  });
});

const hours = { from: '08:00', to: '18:00', time_zone: 'UTC' };
const clients = { a: { may_use: [{ cloud: 'aws' }] }, job: { method: 'federated' } };
const faultsIn = (file: object) => policyFileFaults(parse({ clients, connections: { c: aws }, ...file }));

describe('the faults of a policy file', () => {
  test('are a missing client, a missing connection, and claims of a client that is not federated', () => {
    const claims = { ref: 'x' };
    const tests = [
      { ...testCase },
      { ...testCase, client: 'toString' },
      { ...testCase, connection: 'toString' },
      { ...testCase, claims },
      { ...testCase, client: 'job', claims },
      { ...testCase, client: 'b', connection: 'd', claims },
    ];
    expect(faultsIn({ tests })).toEqual([
      { path: 'tests.1.client', message: 'is not a client of this file' },
      { path: 'tests.2.connection', message: 'is not a connection of this file' },
      { path: 'tests.3.claims', message: 'must be empty: the client authenticates with client_secret' },
      { path: 'tests.5.client', message: 'is not a client of this file' },
      { path: 'tests.5.connection', message: 'is not a connection of this file' },
    ]);
  });

  test.each<[string, object]>([
    ['a guard', { guards: [{ name: 'office', match: {}, require: { hours } }] }],
    ['a rule', { clients: { a: { may_use: [{ cloud: 'aws' }, { cloud: 'gcp', when: { hours } }] } } }],
  ])('are a missing time, if %s depends on hours', (_, file) => {
    const tests = [testCase, { ...testCase, at: '2026-11-23T12:00:00Z' }];
    expect(faultsIn({ ...file, tests })).toEqual([
      { path: 'tests.0.at', message: 'is missing: a rule or a guard in this file depends on hours' },
    ]);
  });
});

describe('the tests of a policy file', () => {
  const decided = (file: object) =>
    runTests(parse({ clients, connections: { c: aws }, ...file })).map(({ decision: _, ...rest }) => rest);

  test('pass only with the expected verdict and, if there is one, the expected reason', () => {
    const guards = [{ name: 'strict', match: { labels: { env: 'prod' } }, require: { purposes: ['read'] } }];
    const connections = {
      c: aws,
      prod: { ...aws, labels: { env: 'prod' } },
      off: { ...aws, disabled: true },
    };
    const tests = [
      { ...testCase, expect: 'allow' },
      { ...testCase, name: 'wrong verdict' },
      { ...testCase, expect: 'allow', reason: 'rule 0' },
      { ...testCase, expect: 'allow', reason: 'rule 1' },
      { ...testCase, connection: 'prod', reason: 'guard strict' },
      { ...testCase, connection: 'prod', reason: 'guard_refused' },
      { ...testCase, connection: 'prod', reason: 'guard other' },
      { ...testCase, connection: 'prod', expect: 'allow', reason: 'guard strict' },
      { ...testCase, connection: 'off', reason: 'connection_disabled' },
      { ...testCase, client: 'job', reason: 'no_rule_matched' },
    ];
    const guard = 'deny: guard strict';
    expect(decided({ guards, connections, tests })).toEqual([
      { passed: true, name: '1', expected: 'allow', decided: 'allow: rule 0' },
      { passed: false, name: 'wrong verdict', expected: 'deny', decided: 'allow: rule 0' },
      { passed: true, name: '3', expected: 'allow: rule 0', decided: 'allow: rule 0' },
      { passed: false, name: '4', expected: 'allow: rule 1', decided: 'allow: rule 0' },
      { passed: true, name: '5', expected: guard, decided: guard },
      { passed: true, name: '6', expected: 'deny: guard_refused', decided: guard },
      { passed: false, name: '7', expected: 'deny: guard other', decided: guard },
      { passed: false, name: '8', expected: 'allow: guard strict', decided: guard },
      {
        passed: true,
        name: '9',
        expected: 'deny: connection_disabled',
        decided: 'deny: connection_disabled',
      },
      { passed: true, name: '10', expected: 'deny: no_rule_matched', decided: 'deny: no_rule_matched' },
    ]);
  });

  test('use the time, the claims, the purpose and the id that the file has', () => {
    const id = newId('con', () => noon);
    const when = { hours, claims: { ref: 'main' } };
    const file = {
      clients: {
        job: { method: 'federated', may_use: [{ connection: id, when }] },
        reader: { may_use: [{ cloud: 'aws', purposes: ['read'] }] },
      },
      connections: { c: { ...aws, id, purposes: ['read'] }, other: { ...aws, purposes: ['read'] } },
      tests: [
        ...['07:59:59', '08:00:00'].map((time) => ({
          ...{ ...testCase, client: 'job', claims: { ref: 'main' } },
          at: `2026-11-23T${time}Z`,
        })),
        { ...testCase, client: 'job', at: '2026-11-23T08:00:00Z' },
        { ...testCase, client: 'job', connection: 'other', at: '2026-11-23T08:00:00Z' },
        { ...testCase, client: 'reader', purpose: 'read', at: '2026-11-23T08:00:00Z' },
        { ...testCase, client: 'reader', purpose: null, at: '2026-11-23T08:00:00Z' },
      ],
    };
    expect(decided(file).map((outcome) => outcome.decided)).toEqual([
      'deny: condition_unmet',
      'allow: rule 0',
      'deny: condition_unmet',
      'deny: no_rule_matched',
      'allow: rule 0',
      'deny: purpose_not_allowed',
    ]);
  });
});
