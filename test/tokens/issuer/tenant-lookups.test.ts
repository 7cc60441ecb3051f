import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Tenant } from '../../../src/access/tenants/index.ts';
import { createTenantLookups, type TenantLookups } from '../../../src/tokens/issuer/tenant-lookups.ts';

const tenant = (id: string, own_keys: boolean | null = false): Tenant => ({
  id,
  name: id,
  own_issuer: own_keys !== null,
  own_keys,
  created_at: '',
  updated_at: '',
});

let stored: Map<string, Tenant>;
let asked: number;
let clock: number;
let lookups: TenantLookups;
beforeEach(() => {
  [stored, asked, clock] = [new Map(), 0, 0];
  lookups = createTenantLookups(
    async (id) => {
      asked += 1;
      return stored.get(id);
    },
    () => clock,
  );
});

const outcomeOf = (id: string, isKnown = false) =>
  lookups.find(id, isKnown).then(
    (found) => found?.id,
    (error: { code: string }) => error.code,
  );

describe('a look-up of a tenant in a path', () => {
  test('of an id without an issuer is repeated after 2 seconds at the earliest', async () => {
    stored.set('shared', tenant('shared', null));
    for (const id of ['nothing', 'shared', 'nothing', 'shared']) expect(await outcomeOf(id)).toBeUndefined();
    expect(asked).toBe(2);
    clock = 1_999;
    expect([await outcomeOf('nothing'), asked]).toEqual([undefined, 2]);
    stored.set('nothing', tenant('nothing'));
    clock = 2_000;
    expect([await outcomeOf('nothing'), asked]).toEqual(['nothing', 3]);
  });

  test('is made at once after the tenant got an issuer on this replica, even if one was in progress', async () => {
    expect(await outcomeOf('moved')).toBeUndefined();
    stored.set('moved', tenant('moved'));
    lookups.forget('moved');
    expect(await outcomeOf('moved')).toBe('moved');

    const slow = createTenantLookups(
      async (id) => {
        const found = stored.get(id);
        stored.set('late', tenant('late'));
        slow.forget('late');
        return found;
      },
      () => clock,
    );
    expect(await slow.find('late', false)).toBeUndefined();
    expect(await slow.find('late', false)).toEqual(tenant('late'));
  });

  test('is shared by concurrent callers', async () => {
    stored.set('one', tenant('one'));
    expect(await Promise.all(Array.from({ length: 50 }, () => outcomeOf('one')))).toEqual(
      Array.from({ length: 50 }, () => 'one'),
    );
    expect(asked).toBe(1);
  });

  test('is made for at most 1,000 invented ids per second, and for every known one', async () => {
    stored.set('known', tenant('known'));
    const flood = await Promise.all(Array.from({ length: 1_500 }, (_, n) => outcomeOf(`invented-${n}`)));
    expect(flood.filter((outcome) => outcome === 'server_busy')).toHaveLength(500);
    expect(asked).toBe(1_000);
    expect(await outcomeOf('known', true)).toBe('known');
    clock = 1_000;
    expect([await outcomeOf('another'), asked]).toEqual([undefined, 1_002]);
  });
});
