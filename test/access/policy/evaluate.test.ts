import { describe, expect, test } from '@jest/globals';
import type { Rule } from '../../../src/access/clients/index.ts';
import { unmetConditions } from '../../../src/access/policy/evaluate.ts';
import { decide, matchesSelector } from '../../../src/access/policy/index.ts';
import { callerOf, guardOf, placeOf } from './places.ts';

const noon = Date.parse('2026-11-23T12:00:00Z');
const facts = { method: 'federated', claims: { ref: 'main', team: 'x' }, at: noon, purpose: 'read' };

describe('the unmet conditions', () => {
  const hours = (from: string, to: string) => ({ hours: { from, to, time_zone: 'UTC' } });
  test.each<[object, readonly string[]]>([
    [{}, []],
    [{ claims: { ref: 'main' } }, []],
    [{ claims: { ref: 'main', team: 'y', env: 'prod' } }, ['claims.team', 'claims.env']],
    [{ claims: { ref: { glob: 'm*' } } }, []],
    [{ claims: { toString: 'main' } }, ['claims.toString']],
    [{ methods: ['tls', 'federated'] }, []],
    [{ methods: ['tls'] }, ['methods']],
    [hours('12:00', '12:01'), []],
    [hours('12:01', '12:00'), ['hours']],
    [{ purposes: ['deploy', 'read'] }, []],
    [{ purposes: ['deploy'] }, ['purposes']],
    [
      { claims: { env: 'prod' }, methods: ['tls'], ...hours('13:00', '14:00'), purposes: ['deploy'] },
      ['claims.env', 'methods', 'hours', 'purposes'],
    ],
  ])('of %j are %j', (restriction, unmet) => {
    expect(unmetConditions(restriction, facts)).toEqual(unmet);
  });

  test('are evaluated for each request, not remembered', () => {
    const restriction = { claims: { ref: 'main' }, purposes: ['read'] };
    expect(unmetConditions(restriction, facts)).toEqual([]);
    expect(unmetConditions(restriction, { ...facts, claims: {}, purpose: null })).toEqual([
      'claims.ref',
      'purposes',
    ]);
  });
});

describe('a selector', () => {
  const place = placeOf({ id: 'con_1', labels: { env: 'prod', team: 'x' } });
  test.each<[Parameters<typeof matchesSelector>[0], boolean]>([
    [{}, true],
    [{ connection: 'con_1' }, true],
    [{ connection: 'con_2' }, false],
    [{ tenant: 'ten_a', cloud: 'aws' }, true],
    [{ tenant: 'ten_b', cloud: 'aws' }, false],
    [{ tenant: 'ten_a', cloud: 'gcp' }, false],
    [{ labels: { env: 'prod', team: 'x' } }, true],
    [{ labels: { env: 'prod', team: 'y' } }, false],
    [{ labels: { toString: 'x' } }, false],
  ])('%j matches: %j', (selector, matches) => {
    expect(matchesSelector(selector, place)).toBe(matches);
  });
});

describe('a decision', () => {
  const place = placeOf({ id: 'con_1', purposes: { deploy: {}, read: {} } });
  const none = { guard: null, unmet_conditions: [], purpose: null, purposes: [], audit_violations: [] };

  test('of a disabled client has the closest rule and nothing of the connection', () => {
    const rule: Rule = { cloud: 'aws', purposes: ['read'] };
    const client = callerOf([{ cloud: 'gcp' }, rule], { disabled: true });
    const guards = [guardOf({ mode: 'audit', require: { methods: ['tls'] } })];
    expect(decide(guards, { client, connection: place, claims: {}, at: noon })).toEqual({
      ...none,
      allowed: false,
      reason: 'client_disabled',
      rule: { ...rule, index: 1 },
    });
  });

  test('without a rule that selects the connection names no rule', () => {
    const client = callerOf([{ labels: {} }, {}, { cloud: 'gcp' }]);
    expect(decide([], { client, connection: place, claims: {}, at: noon })).toEqual({
      ...none,
      allowed: false,
      reason: 'no_rule_matched',
      rule: null,
    });
  });

  test('is by the rule with the fewest unmet conditions, and of two by the one that lacks only the purpose', () => {
    const far: Rule = { cloud: 'aws', when: { methods: ['tls'], claims: { ref: 'x' } } };
    const near: Rule = { cloud: 'aws', when: { methods: ['tls'] } };
    const purpose: Rule = { cloud: 'aws', purposes: ['deploy'] };
    const asked = { connection: place, claims: {}, at: noon, purpose: 'read' };
    expect(decide([], { client: callerOf([far, near]), ...asked })).toEqual({
      ...none,
      ...{ allowed: false, reason: 'condition_unmet', rule: { ...near, index: 1 } },
      unmet_conditions: ['methods'],
    });
    expect(decide([], { client: callerOf([far, near, purpose]), ...asked })).toEqual({
      ...none,
      ...{ allowed: false, reason: 'purpose_not_allowed', rule: { ...purpose, index: 2 } },
      unmet_conditions: ['purposes'],
    });
  });

  test('without a purpose prefers the refusal by a guard to any refusal by a rule', () => {
    const rule: Rule = { cloud: 'aws', purposes: ['read'] };
    const guards = [guardOf({ name: 'strict', require: { methods: ['tls'], claims: { ref: 'x' } } })];
    expect(decide(guards, { client: callerOf([rule]), connection: place, claims: {}, at: noon })).toEqual({
      ...none,
      ...{ allowed: false, reason: 'guard_refused', rule: { ...rule, index: 0 }, guard: 'strict' },
      unmet_conditions: ['claims.ref', 'methods'],
    });
  });

  test('to refuse an unknown purpose names each unmet condition once', () => {
    const rule: Rule = { cloud: 'aws', purposes: ['read'] };
    const question = { client: callerOf([rule]), connection: place, claims: {}, at: noon };
    expect(decide([], { ...question, purpose: 'paint' })).toEqual({
      ...none,
      ...{ allowed: false, reason: 'purpose_not_allowed', rule: { ...rule, index: 0 } },
      unmet_conditions: ['purposes'],
    });
  });

  test('to allow names the guards in mode audit that would refuse, in their order', () => {
    const guards = [
      guardOf({ name: 'b', mode: 'audit', require: { methods: ['tls'] } }),
      guardOf({ name: 'met', mode: 'audit', require: { purposes: ['read'] } }),
      guardOf({ name: 'other', match: { cloud: 'gcp' }, require: { methods: ['tls'] } }),
      guardOf({ name: 'a', mode: 'audit', require: { claims: { ref: 'x' } } }),
    ];
    const question = { client: callerOf([{ cloud: 'aws' }]), connection: place, claims: {}, at: noon };
    const allowed = { ...none, allowed: true, reason: 'rule_matched', rule: { cloud: 'aws', index: 0 } };
    expect(decide(guards, { ...question, purpose: 'read' })).toEqual({
      ...allowed,
      purpose: 'read',
      audit_violations: ['b', 'a'],
    });
    expect(decide(guards, { ...question, purpose: null })).toEqual({
      ...allowed,
      audit_violations: ['b', 'met', 'a'],
    });
  });
});
