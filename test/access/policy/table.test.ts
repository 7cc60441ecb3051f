/**
 * A table of decisions: each client with each connection, for unrestricted use (a cloud token), for each purpose, and
 * without a purpose.
 */
import { describe, expect, test } from '@jest/globals';
import type { Method } from '../../../src/access/clients/index.ts';
import { decide, type Guard } from '../../../src/access/policy/index.ts';
import { callerOf, guardOf, placeOf } from './places.ts';

const purposes = { deploy: {}, read: {} };
const connections = {
  prod: placeOf({ id: 'con_prod', labels: { env: 'prod', team: 'x' }, purposes }),
  test: placeOf({ id: 'con_test', labels: { env: 'test' }, purposes: { read: {} } }),
  plain: placeOf({ id: 'con_plain', tenant: 'ten_b', cloud: 'gcp' }),
  off: placeOf({ id: 'con_off', labels: { env: 'prod' }, purposes, disabled: true }),
};
type Name = keyof typeof connections;

/** Monday, 2026-11-23, 12:00 in Berlin. */
const noon = Date.parse('2026-11-23T11:00:00Z');
const atWork = { from: '08:00', to: '18:00', time_zone: 'Europe/Berlin' };
const main = { claims: { ref: 'refs/heads/main' } };
const ci = (may_use: Parameters<typeof callerOf>[0]) => callerOf(may_use, { auth: { method: 'federated' } });

const clients = {
  nobody: callerOf([]),
  whole: callerOf([{ connection: 'con_prod' }]),
  tenant: callerOf([{ tenant: 'ten_a' }]),
  deployer: callerOf([{ tenant: 'ten_a', purposes: ['deploy'] }]),
  both: callerOf([{ labels: { env: 'prod' }, purposes: ['deploy', 'read'] }]),
  stranger: callerOf([{ tenant: 'ten_a', purposes: ['paint'] }]),
  mixed: callerOf([{ tenant: 'ten_a', purposes: ['read'] }, { connection: 'con_prod' }]),
  main: ci([{ cloud: 'aws', when: main }]),
  'main by secret': callerOf([{ cloud: 'aws', when: main }]),
  'at work': callerOf([{ cloud: 'gcp', when: { hours: atWork } }]),
  'at night': callerOf([{ cloud: 'gcp', when: { hours: { ...atWork, from: '18:00', to: '08:00' } } }]),
  'main for deploy': ci([{ connection: 'con_prod', purposes: ['deploy'], when: main }]),
  disabled: callerOf([{ tenant: 'ten_a' }], { disabled: true }),
};
type Client = keyof typeof clients;

/** `all` for unrestricted use, or the name of the allowed purpose; a refusal is a dash and the reason. */
const told = (guards: readonly Guard[], client: Client, connection: Name, purpose?: string | null) => {
  const asked = {
    client: clients[client],
    connection: connections[connection],
    claims: main.claims,
    at: noon,
  };
  const { claims, ...rest } = asked;
  // Only a federated client has claims.
  const known = rest.client.auth.method === 'federated' ? claims : {};
  const {
    allowed,
    reason: because,
    purpose: decided,
  } = decide(guards, {
    ...rest,
    claims: known,
    ...(purpose === undefined ? {} : { purpose }),
  });
  return allowed ? (decided ?? 'all') : `- ${because}`;
};

type Row = readonly [Client, Name, token: string, open: string, deploy: string, read: string];

const no = '- no_rule_matched';
const not = '- purpose_not_allowed';
const which = '- purpose_required';
const off = '- connection_disabled';
const when = '- condition_unmet';
const out = '- client_disabled';

const rows: readonly Row[] = [
  ['nobody', 'prod', no, no, no, no],
  ['nobody', 'test', no, no, no, no],
  ['nobody', 'plain', no, no, no, no],
  ['nobody', 'off', no, no, no, no],
  ['whole', 'prod', 'all', 'all', 'deploy', 'read'],
  ['whole', 'test', no, no, no, no],
  ['whole', 'plain', no, no, no, no],
  ['whole', 'off', no, no, no, no],
  ['tenant', 'prod', 'all', 'all', 'deploy', 'read'],
  ['tenant', 'test', 'all', 'all', not, 'read'],
  ['tenant', 'plain', no, no, no, no],
  ['tenant', 'off', off, off, off, off],
  ['deployer', 'prod', not, 'deploy', 'deploy', not],
  ['deployer', 'test', not, not, not, not],
  ['deployer', 'plain', no, no, no, no],
  ['deployer', 'off', not, off, off, not],
  ['both', 'prod', not, which, 'deploy', 'read'],
  ['both', 'test', no, no, no, no],
  ['both', 'plain', no, no, no, no],
  ['both', 'off', not, which, off, off],
  ['stranger', 'prod', not, not, not, not],
  ['stranger', 'test', not, not, not, not],
  ['stranger', 'plain', no, no, no, no],
  ['stranger', 'off', not, not, not, not],
  ['mixed', 'prod', 'all', 'all', 'deploy', 'read'],
  ['mixed', 'test', not, 'read', not, 'read'],
  ['mixed', 'plain', no, no, no, no],
  ['mixed', 'off', not, off, not, off],
  ['main', 'prod', 'all', 'all', 'deploy', 'read'],
  ['main', 'test', 'all', 'all', not, 'read'],
  ['main', 'plain', no, no, no, no],
  ['main', 'off', off, off, off, off],
  ['main by secret', 'prod', when, when, when, when],
  ['main by secret', 'test', when, when, when, when],
  ['main by secret', 'plain', no, no, no, no],
  ['main by secret', 'off', when, when, when, when],
  ['at work', 'prod', no, no, no, no],
  ['at work', 'test', no, no, no, no],
  ['at work', 'plain', 'all', 'all', not, not],
  ['at work', 'off', no, no, no, no],
  ['at night', 'prod', no, no, no, no],
  ['at night', 'test', no, no, no, no],
  ['at night', 'plain', when, when, when, when],
  ['at night', 'off', no, no, no, no],
  ['main for deploy', 'prod', not, 'deploy', 'deploy', not],
  ['main for deploy', 'test', no, no, no, no],
  ['main for deploy', 'plain', no, no, no, no],
  ['main for deploy', 'off', no, no, no, no],
  ['disabled', 'prod', out, out, out, out],
  ['disabled', 'test', out, out, out, out],
  ['disabled', 'plain', out, out, out, out],
  ['disabled', 'off', out, out, out, out],
];

describe('the decision', () => {
  test('is in the table for every client and connection', () => {
    expect(rows.map(([client, connection]) => `${client} ${connection}`)).toEqual(
      Object.keys(clients).flatMap((client) => Object.keys(connections).map((name) => `${client} ${name}`)),
    );
  });

  test.each(rows)(
    'for %s at %s: token %s, unnamed %s, deploy %s, read %s',
    (client, connection, ...expected) => {
      const asked = [null, undefined, 'deploy', 'read'];
      expect(asked.map((purpose) => told([], client, connection, purpose))).toEqual(expected);
    },
  );

  test.each(['nope', '', '__proto__', 'constructor', 'toString'])(
    'refuses every client for the unknown purpose %j',
    (purpose) => {
      for (const [client, connection] of rows) expect(told([], client, connection, purpose)).toMatch(/^- /);
    },
  );
});

describe('the decision with guards', () => {
  const refused = '- guard_refused';
  const federated: readonly [Method] = ['federated'];
  const guards: Readonly<Record<string, Guard>> = {
    'deploy only': guardOf({ match: { labels: { env: 'prod' } }, require: { purposes: ['deploy'] } }),
    'at night': guardOf({ match: {}, require: { hours: { ...atWork, from: '18:00', to: '08:00' } } }),
    'from main': guardOf({ match: { cloud: 'aws' }, require: main }),
    'no secrets': guardOf({ match: { tenant: 'ten_a' }, require: { methods: [...federated] } }),
    'of another': guardOf({ match: { connection: 'con_test' }, require: { purposes: ['deploy'] } }),
  };

  const guarded: readonly [string, ...Row][] = [
    ['deploy only', 'whole', 'prod', refused, 'deploy', 'deploy', refused],
    ['deploy only', 'deployer', 'prod', not, 'deploy', 'deploy', not],
    ['deploy only', 'both', 'prod', not, 'deploy', 'deploy', refused],
    ['deploy only', 'tenant', 'test', 'all', 'all', not, 'read'],
    ['deploy only', 'tenant', 'off', refused, off, off, refused],
    ['at night', 'whole', 'prod', refused, refused, refused, refused],
    ['at night', 'nobody', 'prod', no, no, no, no],
    // Without a purpose: a guard that refuses is closer than a rule that lacks the purpose.
    ['at night', 'deployer', 'prod', not, refused, refused, not],
    ['at night', 'at work', 'plain', refused, refused, not, not],
    ['from main', 'main', 'prod', 'all', 'all', 'deploy', 'read'],
    ['from main', 'whole', 'prod', refused, refused, refused, refused],
    ['from main', 'at work', 'plain', 'all', 'all', not, not],
    ['no secrets', 'main', 'prod', 'all', 'all', 'deploy', 'read'],
    ['no secrets', 'whole', 'prod', refused, refused, refused, refused],
    ['of another', 'whole', 'prod', 'all', 'all', 'deploy', 'read'],
    ['of another', 'tenant', 'test', refused, refused, not, refused],
  ];

  test.each(guarded)('%s: %s at %s', (guard, client, connection, ...expected) => {
    const asked = [null, undefined, 'deploy', 'read'];
    const decided = (list: readonly Guard[]) =>
      asked.map((purpose) => told(list, client, connection, purpose));
    expect(decided([guards[guard]!])).toEqual(expected);
    expect(decided([{ ...guards[guard]!, mode: 'audit' }])).toEqual(decided([]));
  });

  test('names the guard, its unmet conditions, and the violated guards in mode audit', () => {
    const question = {
      client: clients.whole,
      connection: connections.prod,
      claims: { ref: 'refs/heads/other' },
      at: noon,
    };
    const rule = { connection: 'con_prod', index: 0 };
    const require = { ...main, methods: [...federated], hours: atWork, purposes: ['deploy'] };
    expect(decide([guardOf({ name: 'strict', require })], { ...question, purpose: null })).toEqual({
      allowed: false,
      reason: 'guard_refused',
      rule,
      guard: 'strict',
      unmet_conditions: ['claims.ref', 'methods', 'purposes'],
      purpose: null,
      purposes: [],
      audit_violations: [],
    });
    const watching = ['one', 'two'].map((name) => guardOf({ name, require, mode: 'audit' }));
    expect(decide(watching, question)).toEqual({
      allowed: true,
      reason: 'rule_matched',
      rule,
      guard: null,
      unmet_conditions: [],
      purpose: null,
      purposes: [],
      audit_violations: ['one', 'two'],
    });
  });

  test('names the closest rule and its unmet conditions', () => {
    const question = {
      client: clients['main for deploy'],
      connection: connections.prod,
      claims: {},
      at: noon,
    };
    expect(decide([], question)).toEqual({
      allowed: false,
      reason: 'condition_unmet',
      rule: { ...clients['main for deploy'].may_use[0], index: 0 },
      guard: null,
      unmet_conditions: ['claims.ref'],
      purpose: null,
      purposes: [],
      audit_violations: [],
    });
  });

  describe('without an allowed purpose has the reason that is closest to being allowed:', () => {
    const question = { connection: connections.prod, claims: {}, at: noon };
    const rule = { connection: 'con_prod' };
    const unmet = { ...rule, when: { ...main, methods: [...federated] } };

    test('one unmet condition before two, in any order of the rules', () => {
      const one = { ...rule, when: main };
      for (const may_use of [
        [unmet, one],
        [one, unmet],
      ])
        expect(decide([], { ...question, client: callerOf(may_use) })).toMatchObject({
          reason: 'condition_unmet',
          rule: { ...one, index: may_use.indexOf(one) },
          unmet_conditions: ['claims.ref'],
        });
    });

    test('a rule that lacks only the purpose before one unmet condition, in any order of the rules', () => {
      const purposeOnly = { ...rule, purposes: ['paint'] };
      const one = { ...rule, when: main };
      for (const may_use of [
        [purposeOnly, one],
        [one, purposeOnly],
      ])
        expect(decide([], { ...question, client: callerOf(may_use) })).toMatchObject({
          reason: 'purpose_not_allowed',
          rule: { ...purposeOnly, index: may_use.indexOf(purposeOnly) },
          unmet_conditions: ['purposes'],
        });
    });

    test('a guard with several unmet conditions before a rule with one', () => {
      const require = { ...main, methods: [...federated], hours: { ...atWork, from: '18:00', to: '08:00' } };
      const client = callerOf([{ ...rule, purposes: ['read'] }]);
      expect(decide([guardOf({ name: 'strict', require })], { ...question, client })).toMatchObject({
        reason: 'guard_refused',
        guard: 'strict',
        rule: { ...rule, purposes: ['read'], index: 0 },
        unmet_conditions: ['claims.ref', 'methods', 'hours'],
      });
    });

    test('a guard with one unmet condition before a guard with two', () => {
      const guard = guardOf({ name: 'strict', require: { ...main, purposes: ['read'] } });
      const client = callerOf([rule]);
      for (const purposesOfPlace of [
        { deploy: {}, read: {} },
        { read: {}, deploy: {} },
      ])
        expect(
          decide([guard], {
            ...question,
            connection: { ...connections.prod, purposes: purposesOfPlace },
            client,
          }),
        ).toMatchObject({ reason: 'guard_refused', unmet_conditions: ['claims.ref'] });
    });
  });

  test('names the rule of an allowed purpose if the request has to name one', () => {
    const may_use = [
      { connection: 'con_prod', purposes: ['paint'] },
      { connection: 'con_prod', purposes: ['deploy', 'read'] },
    ];
    const question = { client: callerOf(may_use), connection: connections.prod, claims: {}, at: noon };
    expect(decide([], question)).toMatchObject({
      allowed: false,
      reason: 'purpose_required',
      rule: { ...may_use[1], index: 1 },
      purposes: ['deploy', 'read'],
    });
  });
});
