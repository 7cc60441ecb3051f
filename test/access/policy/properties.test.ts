/** Properties of every decision, for arbitrary rules and guards. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { methodNames, type Rule } from '../../../src/access/clients/index.ts';
import {
  type Decision,
  decide,
  type Guard,
  matchesSelector,
  type PolicySubject,
  type Question,
} from '../../../src/access/policy/index.ts';
import { callerOf } from './places.ts';

const cloud = fc.constantFrom('aws' as const, 'azure' as const, 'gcp' as const);
const labels = fc.dictionary(
  fc.constantFrom('env', 'team', 'tier', '__proto__', 'constructor'),
  fc.constantFrom('prod', 'test'),
  { minKeys: 1, maxKeys: 2, noNullPrototype: true },
);
const id = fc.constantFrom('con_1', 'con_2');
const tenant = fc.constantFrom('ten_1', 'ten_2');
const purposeName = fc.constantFrom('deploy', 'read', 'paint');
const purposeNames = fc.uniqueArray(purposeName, { minLength: 1, maxLength: 2 });

const place: fc.Arbitrary<PolicySubject> = fc.record({
  id,
  tenant,
  cloud,
  labels: fc.oneof(fc.constant({}), labels),
  purposes: fc.oneof(
    fc.constant({}),
    purposeNames.map((names) => Object.fromEntries(names.map((name) => [name, {}]))),
  ),
  disabled: fc.boolean(),
});

const selector = fc.oneof(
  fc.record({ connection: id }),
  fc.record({ tenant, cloud, labels }, { requiredKeys: [] }),
);

const conditions = {
  claims: fc.dictionary(fc.constantFrom('ref', 'sub'), fc.constantFrom('main', 'other'), {
    minKeys: 1,
    noNullPrototype: true,
  }),
  methods: fc.uniqueArray(fc.constantFrom(...methodNames), { minLength: 1 }),
  hours: fc.record({
    from: fc.constantFrom('00:00', '08:00', '22:00'),
    to: fc.constantFrom('06:00', '18:00', '24:00'),
    time_zone: fc.constantFrom('UTC', 'Asia/Tokyo'),
  }),
};

const rule = fc
  .tuple(
    selector,
    fc.record(
      { purposes: purposeNames, when: fc.record(conditions, { requiredKeys: [] }) },
      { requiredKeys: [] },
    ),
  )
  .map(([where, more]) => ({ ...where, ...more })) as fc.Arbitrary<Rule>;
const rules = fc.array(rule, { maxLength: 4 });

const guard = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  match: selector,
  require: fc.record({ ...conditions, purposes: purposeNames }, { requiredKeys: [] }),
  mode: fc.constantFrom('enforce' as const, 'audit' as const),
}) as fc.Arbitrary<Guard>;
const guards = fc.array(guard, { maxLength: 3 });

const situation = fc.record({
  connection: place,
  claims: fc.oneof(fc.constant({}), conditions.claims),
  at: fc.integer({ min: 1_795_392_000_000, max: 1_795_392_000_000 + 86_400_000 }),
  method: fc.constantFrom(...methodNames),
});
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

const purpose = fc.oneof(fc.constant(null), fc.constant(undefined), purposeName, fc.constant('__proto__'));

function ask(
  list: readonly Guard[],
  may_use: readonly Rule[],
  { connection, claims, at, method }: Situation,
  wanted?: string | null,
): Decision {
  const question: Question = { client: callerOf(may_use, { auth: { method } }), connection, claims, at };
  return decide(list, wanted === undefined ? question : { ...question, purpose: wanted });
}

/** All allowed uses: each purpose by name, and `null` for unrestricted use. */
const rights = (
  list: readonly Guard[],
  may_use: readonly Rule[],
  where: Situation,
): readonly (string | null)[] =>
  [null, 'deploy', 'read', 'paint', '__proto__'].filter((one) => ask(list, may_use, where, one).allowed);

const verdict = ({ allowed, reason: because, purpose: decided }: Decision) => ({ allowed, because, decided });

const check = <T>(property: fc.IProperty<T>): void => fc.assert(property, { numRuns: 1000 });

describe('a decision', () => {
  test('does not depend on the order of rules or guards', () => {
    check(
      fc.property(guards, rules, situation, purpose, (list, may_use, where, wanted) => {
        const turned = ask(list.toReversed(), may_use.toReversed(), where, wanted);
        const straight = ask(list, may_use, where, wanted);
        expect(verdict(turned)).toEqual(verdict(straight));
        expect(turned.purposes.toSorted()).toEqual(straight.purposes.toSorted());
        expect(turned.audit_violations.toSorted()).toEqual(straight.audit_violations.toSorted());
      }),
    );
  });

  test('without a purpose gives unrestricted use or the only allowed purpose, and never more than naming one', () => {
    check(
      fc.property(guards, rules, situation, (list, may_use, where) => {
        const all = rights(list, may_use, where);
        const { allowed, purpose: given, purposes } = ask(list, may_use, where);
        if (all.includes(null)) expect([allowed, given]).toEqual([true, null]);
        else if (all.length === 1) expect([allowed, given]).toEqual([true, all[0]]);
        else expect(allowed).toBe(false);
        if (all.length > 1 && !all.includes(null)) expect(purposes.toSorted()).toEqual(all.toSorted());
      }),
    );
  });

  test('never allows a purpose that the connection does not have', () => {
    check(
      fc.property(guards, rules, situation, purposeName, (list, may_use, where, wanted) => {
        if (ask(list, may_use, where, wanted).allowed)
          expect(Object.keys(where.connection.purposes ?? {})).toContain(wanted);
      }),
    );
  });
});

describe('access never becomes wider', () => {
  const narrower =
    <Given extends unknown[]>(
      build: (...given: Given) => readonly [few: readonly unknown[], many: readonly unknown[]],
    ) =>
    (...given: Given) => {
      const [few, many] = build(...given);
      expect(many).toEqual(expect.arrayContaining([...few]));
    };

  test('by adding a guard', () => {
    check(
      fc.property(
        guards,
        guard,
        rules,
        situation,
        narrower((list: Guard[], more: Guard, may_use: Rule[], where: Situation) => [
          rights([...list, more], may_use, where),
          rights(list, may_use, where),
        ]),
      ),
    );
  });

  test('by removing a rule', () => {
    check(
      fc.property(
        guards,
        rules,
        situation,
        fc.nat(3),
        narrower((list: Guard[], may_use: Rule[], where: Situation, index: number) => [
          rights(list, may_use.toSpliced(index, 1), where),
          rights(list, may_use, where),
        ]),
      ),
    );
  });

  test('by adding a condition to a rule', () => {
    check(
      fc.property(
        guards,
        rule,
        rule,
        situation,
        narrower((list: Guard[], one: Rule, other: Rule, where: Situation) => {
          const { purposes, when } = other;
          const more = {
            ...(purposes && !one.purposes ? { purposes } : {}),
            when: { ...when, ...one.when },
          };
          return [rights(list, [{ ...one, ...more } as Rule], where), rights(list, [one], where)];
        }),
      ),
    );
  });

  test('by adding a selector to a rule that has one', () => {
    // A rule without a selector selects nothing, so a selector would widen it.
    const selecting = rule.filter(
      (one) =>
        (one.connection ?? one.tenant ?? one.cloud) !== undefined || Object.keys(one.labels ?? {}).length > 0,
    );
    check(
      fc.property(
        selecting,
        rule,
        situation,
        narrower((one: Rule, other: Rule, where: Situation) => {
          const labelled = { ...other, ...one, labels: { ...other.labels, ...one.labels } };
          const { when: _, purposes: __, ...selectors } = other;
          const both = {
            ...selectors,
            ...one,
            ...(Object.keys(labelled.labels).length > 0 ? { labels: labelled.labels } : {}),
          };
          return [rights([], [both as Rule], where), rights([], [one], where)];
        }),
      ),
    );
  });

  test('by adding a condition to a guard', () => {
    check(
      fc.property(
        guard,
        guard,
        rules,
        situation,
        narrower((one: Guard, other: Guard, may_use: Rule[], where: Situation) => [
          rights([{ ...one, require: { ...other.require, ...one.require } }], may_use, where),
          rights([one], may_use, where),
        ]),
      ),
    );
  });

  test('by removing a claim', () => {
    check(
      fc.property(
        guards,
        rules,
        situation,
        narrower((list: Guard[], may_use: Rule[], where: Situation) => [
          rights(list, may_use, { ...where, claims: {} }),
          rights(list, may_use, where),
        ]),
      ),
    );
  });

  test('by a label that is missing or has another value', () => {
    check(
      fc.property(labels, place, (wanted, one) => {
        const has = Object.entries(wanted).every(
          ([name, value]) => Object.hasOwn(one.labels, name) && one.labels[name] === value,
        );
        expect(matchesSelector({ labels: wanted }, one)).toBe(has);
      }),
    );
  });

  test('by a rule without a selector, which allows nothing', () => {
    check(
      fc.property(situation, fc.record(conditions, { requiredKeys: [] }), purpose, (where, when, wanted) => {
        for (const empty of [
          {},
          { when },
          { purposes: ['deploy'] },
          { labels: {} },
          { labels: undefined },
        ] as Rule[])
          expect(ask([], [empty], where, wanted).reason).toBe('no_rule_matched');
      }),
    );
  });
});

describe('a guard in mode audit', () => {
  test('does not change the decision, and is listed if it would refuse', () => {
    check(
      fc.property(guards, rules, situation, purpose, (list, may_use, where, wanted) => {
        const enforced = list.filter(({ mode }) => mode === 'enforce');
        const decided = ask(list, may_use, where, wanted);
        const { audit_violations: watching, ...same } = decided;
        const { audit_violations: none, ...without } = ask(enforced, may_use, where, wanted);
        expect(none).toEqual([]);
        expect(same).toEqual(without);
        if (!decided.allowed) return;
        const refusing = list.filter(
          (one) =>
            one.mode === 'audit' &&
            ask([{ ...one, mode: 'enforce' }], may_use, where, decided.purpose).reason === 'guard_refused',
        );
        expect(watching).toEqual(refusing.map(({ name }) => name));
      }),
    );
  });
});
