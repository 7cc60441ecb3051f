import { describe, expect, test } from '@jest/globals';
import type { SojournError } from '../../../src/platform/errors/index.ts';
import { createFairQueue } from '../../../src/platform/limits/index.ts';

/** Work that runs until the test ends it, and the names of started work. */
function workshop(turns = createFairQueue({ total: 2, perTenant: 1 })) {
  const begun: string[] = [];
  const endings = new Map<string, () => void>();
  const take = (tenant: string, name: string) =>
    turns.run(
      tenant,
      () =>
        new Promise<string>((resolve) => {
          begun.push(name);
          endings.set(name, () => resolve(name));
        }),
    );
  const end = async (name: string) => {
    endings.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, take, end };
}

const codeOf = (error: unknown) => (error as SojournError).code;

describe('the fair queue', () => {
  test('serves waiting tenants round-robin and requests of one tenant in order', async () => {
    const { begun, take, end } = workshop(createFairQueue({ total: 1, perTenant: 1 }));
    const all = [
      ...['a1', 'a2', 'a3'].map((name) => take('a', name)),
      ...['b1', 'b2'].map((name) => take('b', name)),
      take('c', 'c1'),
    ];
    for (const name of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2']) await end(name);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2']);
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c1']);
  });

  test('keeps slots for other tenants while one tenant has reached its limit', async () => {
    const { begun, take, end } = workshop();
    const all = [take('a', 'a1'), take('a', 'a2'), take('b', 'b1')];
    expect(begun).toEqual(['a1', 'b1']);
    await end('b1');
    expect(begun).toEqual(['a1', 'b1']);
    await end('a1');
    expect(begun).toEqual(['a1', 'b1', 'a2']);
    await end('a2');
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1']);
  });

  test('frees the slot after a failure', async () => {
    const { begun, take, end } = workshop();
    const turns = createFairQueue({ total: 1, perTenant: 1 });
    const failing = turns.run('a', async () => {
      throw new Error('no');
    });
    const next = turns.run('a', async () => 'yes');
    expect(await failing.catch((error: Error) => error.message)).toBe('no');
    expect(await next).toBe('yes');
    void take('a', 'a1');
    await end('a1');
    expect(begun).toEqual(['a1']);
  });

  test('rejects at once when 100 requests of a tenant wait, without starting the work', async () => {
    const { begun, take, end } = workshop();
    const all = Array.from({ length: 102 }, (_, number) => take('a', `a${number}`));
    const last = all.pop();
    expect(await last?.catch(codeOf)).toBe('overloaded');
    const other = take('b', 'b1');
    expect(begun).toEqual(['a0', 'b1']);
    for (let number = 0; number < all.length; number++) await end(`a${number}`);
    await end('b1');
    await Promise.all([...all, other]);
    expect(begun).toHaveLength(102);
  });

  test('rejects a request that waits too long, and never starts its work', async () => {
    const { begun, take, end } = workshop();
    const first = take('a', 'a1');
    const late = take('a', 'a2');
    expect(await late.catch(codeOf)).toBe('overloaded');
    await end('a1');
    expect(await first).toBe('a1');
    expect(begun).toEqual(['a1']);
  });
});
