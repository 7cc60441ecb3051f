import { describe, expect, test } from '@jest/globals';
import type { Rule } from '../../../src/access/clients/index.ts';
import { type Guard, workloadClaimsOf } from '../../../src/access/policy/index.ts';
import { createModules } from '../../support/modules.ts';
import { guardOf } from './places.ts';

const ruleOn = (...names: readonly string[]): Rule => ({
  cloud: 'aws',
  when: { claims: Object.fromEntries(names.map((name) => [name, 'x'])) },
});
const guardOn = (name: string, mode: Guard['mode'] = 'enforce') =>
  guardOf({ mode, require: { claims: { [name]: 'x' } } });

/** JSON of a name of one character and of a value of so many characters takes 8 bytes more than the value. */
const valueWith = (bytes: number) => 'v'.repeat(bytes - 8);

describe('the claims of a workload', () => {
  test('are those on which rules and guards depend, by name, and as text', () => {
    const claims = { b: 'B', a: 1, c: true, d: 'D', nested: { e: 'E' }, unused: 'x', list: ['x'] };
    const rules = [{ cloud: 'aws' } as const, ruleOn('b', 'missing', 'list'), ruleOn('a', '/nested/e')];
    const guards = [guardOn('d', 'audit'), guardOn('c'), guardOf({ require: { methods: ['tls'] } })];
    const workloadClaims = workloadClaimsOf(rules, guards, claims);
    expect(Object.entries(workloadClaims)).toEqual([
      ['/nested/e', 'E'],
      ['a', '1'],
      ['b', 'B'],
      ['c', 'true'],
      ['d', 'D'],
    ]);
  });

  test('are none of a client that did not sign in with a token', async () => {
    const { clients, policy, end } = await createModules();
    try {
      const rule = { cloud: 'aws', when: { claims: { a: 'x' } } };
      const { client } = await clients.create({ name: 'deployer', may_use: [rule] });
      expect(await policy.workloadClaims(client, undefined)).toEqual({});
    } finally {
      await end();
    }
  });

  test('have at most 512 characters, and a longer one is missing', () => {
    const [fits, tooLong] = ['v'.repeat(512), 'v'.repeat(513)];
    expect(workloadClaimsOf([ruleOn('a', 'b', 'c')], [], { a: fits, b: tooLong, c: 'C' })).toEqual({
      a: fits,
      c: 'C',
    });
  });

  test('take 3,000 bytes at most, and those after the first that does not fit are missing', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const rules = [ruleOn(...names, 'g')];
    const claims = Object.fromEntries(names.map((name) => [name, valueWith(500)]));
    expect(workloadClaimsOf(rules, [], claims)).toEqual(claims);
    const { f: _, ...withoutLast } = claims;
    expect(workloadClaimsOf(rules, [], { ...claims, f: valueWith(501), g: 'G' })).toEqual(withoutLast);
    // A character outside of ASCII takes several bytes.
    expect(workloadClaimsOf(rules, [], { ...claims, f: `${valueWith(498)}é` })).toEqual({
      ...withoutLast,
      f: `${valueWith(498)}é`,
    });
    expect(workloadClaimsOf(rules, [], { ...claims, f: `${valueWith(499)}é` })).toEqual(withoutLast);
  });

  test('of enforcing guards come before those of guards in mode audit', () => {
    const claims = Object.fromEntries(
      ['a', 'u', 'v', 'w', 'x', 'y', 'z'].map((name) => [name, valueWith(500)]),
    );
    const guards = [guardOn('a', 'audit'), guardOn('z')];
    expect(Object.keys(workloadClaimsOf([ruleOn('u', 'v', 'w', 'x', 'y')], guards, claims))).toEqual([
      ...['u', 'v', 'w', 'x', 'y', 'z'],
    ]);
  });
});
