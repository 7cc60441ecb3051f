import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../src/platform/log/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import { createOutageBudget, type OutageBudget } from '../../../src/tokens/outage-budget/index.ts';
import { createModules, type Modules, noon } from '../../support/modules.ts';

const minute = 60_000;

let modules: Modules;
let budget: OutageBudget;
beforeEach(async () => {
  modules = await createModules();
  budget = budgetOn(modules.store);
});
afterEach(() => modules.end());

const budgetOn = (store: Store) =>
  createOutageBudget({ store, logger: createLogger({ level: 'silent' }), now: () => modules.clock.ms });

/** Records credentials that expire so many milliseconds after noon. */
const serve = (connection: string, expiresIn: number, on = budget) =>
  on.recordServed({ client: 'cli_1', connection, tenant: 'ten_1', purpose: null }, noon + expiresIn);

async function inUseAt(milliseconds: number): Promise<number> {
  modules.clock.ms = noon + milliseconds;
  return (await budget.compute()).in_use;
}

describe('credentials are in use', () => {
  test.each<[string, number, number]>([
    ['five minutes before the expiry, if they live for 12 hours', 720 * minute, 5 * minute],
    ['five minutes before the expiry, if they live for 20 minutes', 20 * minute, 5 * minute],
    ['a quarter of their lifetime before the expiry, if they live for 16 minutes', 16 * minute, 4 * minute],
    ['a quarter of their lifetime before the expiry, if they live for one minute', minute, minute / 4],
  ])('until %s', async (_, lifetime, renewedBefore) => {
    await serve('con_1', lifetime);
    expect(await inUseAt(lifetime - renewedBefore - 1)).toBe(1);
    expect(await inUseAt(lifetime - renewedBefore)).toBe(0);
  });

  test('only as the newest of their client, connection and purpose', async () => {
    await serve('con_1', 60 * minute);
    await serve('con_1', 90 * minute);
    const { in_use, first } = await budget.compute();
    expect([in_use, first.map(({ remaining_seconds }) => remaining_seconds)]).toEqual([1, [90 * 60]]);
  });
});

describe('the outage budget', () => {
  test('counts all credentials in use and lists the 50 that expire first, soonest first', async () => {
    const count = 1_001;
    await Promise.all(
      // In an order that is not the order of the expiry.
      Array.from({ length: count }, (_, index) => (index * 10) % count).map((index) =>
        serve(`con_${index}`, 60 * minute + index),
      ),
    );
    const { in_use, first } = await budget.compute();
    expect(in_use).toBe(count);
    expect(first.map(({ connection }) => connection)).toEqual(
      Array.from({ length: 50 }, (_, index) => `con_${index}`),
    );
  });

  test('reads the store in pages of 1,000 records', async () => {
    const limits: number[] = [];
    const list: Store['list'] = (type, query) => {
      limits.push(query.limit);
      return modules.store.list(type, query);
    };
    await serve('con_1', 60 * minute);
    expect((await budgetOn({ ...modules.store, list }).compute()).in_use).toBe(1);
    expect(limits).toEqual([1_000]);
  });

  test('writes a record once, and remembers 10,000 of them', async () => {
    let writes = 0;
    const insert = async () => {
      writes += 1;
      return true;
    };
    const counting = budgetOn({ ...modules.store, insert });
    for (let index = 0; index < 10_000; index++) await serve(`con_${index}`, 60 * minute, counting);
    await serve('con_0', 60 * minute, counting);
    expect(writes).toBe(10_000);
    // Drops con_1, which was served least recently.
    await serve('con_10000', 60 * minute, counting);
    for (const id of ['con_10000', 'con_0', 'con_2']) await serve(id, 60 * minute, counting);
    expect(writes).toBe(10_001);
    await serve('con_1', 60 * minute, counting);
    expect(writes).toBe(10_002);
  });
});
