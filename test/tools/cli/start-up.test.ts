import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sojourn as sojournOf } from './arrange.ts';

/** Runs with its own compile cache or none, not with the one that the tests share. */
const sojourn = (args: string[], env: Record<string, string> = {}) =>
  sojournOf(args, { NODE_COMPILE_CACHE: '', ...env });

let home: string;
let cache: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sojourn-home-'));
  cache = join(home, '.cache/sojourn');
});
afterEach(() => rmSync(home, { recursive: true }));

describe('the compile cache', () => {
  test('is kept for the next command in a folder that only this user may write to', async () => {
    expect(await sojourn(['credentials', '--help'], { HOME: home })).toMatchObject({ code: 0, err: '' });
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(readdirSync(cache)).toHaveLength(1);
    expect(await sojourn(['credentials', '--help'], { HOME: home })).toMatchObject({ code: 0, err: '' });
  });

  test('is not used in a folder that others may write to', async () => {
    mkdirSync(cache, { recursive: true });
    chmodSync(cache, 0o770);
    expect(await sojourn(['credentials', '--help'], { HOME: home })).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(cache)).toEqual([]);
  });

  test('is not written by the server, or without a usable home folder', async () => {
    expect(await sojourn(['serve', '--help'], { HOME: home })).toMatchObject({ code: 0, err: '' });
    expect(existsSync(cache)).toBe(false);
    expect(await sojourn(['credentials', '--help'], { HOME: '/dev/null' })).toMatchObject({
      code: 0,
      err: '',
    });
    expect(await sojourn(['credentials', '--help'])).toMatchObject({ code: 0, err: '' });
  });
});
