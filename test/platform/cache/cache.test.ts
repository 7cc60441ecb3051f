import { describe, expect, test } from '@jest/globals';
import { createBoundedMap, createSingleFlight } from '../../../src/platform/cache/index.ts';

describe('the bounded map', () => {
  test('a full bounded map drops the least recently used entry for a new one', () => {
    const map = createBoundedMap<number>(3);
    for (const key of ['a', 'b', 'c']) map.set(key, 1);
    map.get('a');
    map.set('b', 2);
    map.set('d', 1);
    expect(map.size).toBe(3);
    expect(map.get('c')).toBeUndefined();
    expect(Object.fromEntries(map.entries())).toEqual({ a: 1, b: 2, d: 1 });
  });

  test('an entry of the bounded map does not stay because it was read with peek', () => {
    const map = createBoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 1);
    expect(map.peek('a')).toBe(1);
    map.set('c', 1);
    expect(map.get('a')).toBeUndefined();
  });

  test('a full bounded map drops no entry when the value of a known key changes', () => {
    const map = createBoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 1);
    map.set('a', 2);
    expect(Object.fromEntries(map.entries())).toEqual({ a: 2, b: 1 });
  });
});

/** Work that counts its calls and ends when the test ends it. */
function countedWork() {
  const calls: string[] = [];
  const endings: PromiseWithResolvers<string>[] = [];
  const start = (key: string) => () => {
    calls.push(key);
    const ending = Promise.withResolvers<string>();
    endings.push(ending);
    return ending.promise;
  };
  return { calls, endings, start };
}

describe('the single-flight', () => {
  test('the single-flight makes one call for concurrent callers of one key, and one for each other key', async () => {
    const { calls, endings, start } = countedWork();
    const singleFlight = createSingleFlight<string>();
    const results = ['a', 'a', 'b', 'a'].map((key) => singleFlight(key, start(key)));
    expect(calls).toEqual(['a', 'b']);
    endings[0]?.resolve('of a');
    endings[1]?.resolve('of b');
    expect(await Promise.all(results)).toEqual(['of a', 'of a', 'of b', 'of a']);
  });

  test('the single-flight calls again for a caller that comes after the end of the first call', async () => {
    const { calls, endings, start } = countedWork();
    const singleFlight = createSingleFlight<string>();
    const first = singleFlight('a', start('a'));
    endings[0]?.resolve('1');
    expect(await first).toBe('1');
    const second = singleFlight('a', start('a'));
    endings[1]?.resolve('2');
    expect(await second).toBe('2');
    expect(calls).toEqual(['a', 'a']);
  });

  test('the single-flight gives an error to all its callers, and calls again for the next one', async () => {
    const { calls, endings, start } = countedWork();
    const singleFlight = createSingleFlight<string>();
    const failing = Promise.allSettled([singleFlight('a', start('a')), singleFlight('a', start('a'))]);
    endings[0]?.reject(new Error('no answer'));
    expect(await failing).toEqual([
      { status: 'rejected', reason: new Error('no answer') },
      { status: 'rejected', reason: new Error('no answer') },
    ]);
    const next = singleFlight('a', start('a'));
    endings[1]?.resolve('an answer');
    expect(await next).toBe('an answer');
    expect(calls).toEqual(['a', 'a']);
  });
});
