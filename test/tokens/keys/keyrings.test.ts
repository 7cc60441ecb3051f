import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type KeysBench, keysBench } from './bench.ts';
import { hour, second } from './records.ts';

let bench: KeysBench;
beforeEach(async () => {
  bench = await keysBench();
});
afterEach(() => bench.end());

describe('the main ring and those of tenants', () => {
  test('keep working when the local file of the main ring is unusable, which is logged', async () => {
    const rings = await bench.rings();
    const own = await rings.of('ten_1');
    await chmod(join(bench.folder('keys'), 'ring.json'), 0o644);
    bench.clock.ms += 301 * second;
    await rings.refresh();
    for (const ring of [rings.main, own]) {
      expect(ring.staleness()).toEqual({ ms: 0, stale: false });
      await expect(ring.sign(ring.active('ES256').kid, Buffer.from('x'))).resolves.toHaveLength(64);
    }
    const logLines = bench
      .logged()
      .split('\n')
      .filter((line) => line.includes('cannot refresh a key ring'));
    expect(logLines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'error',
        ring: 'shared',
        err: expect.objectContaining({ code: 'key_material_unusable' }),
      }),
    ]);
  });

  test('reject a refresh once, not once for each ring, when the store does not respond', async () => {
    const store = await bench.openStore();
    const rings = await bench.rings({ store });
    await rings.of('ten_1');
    await store.close();
    await expect(rings.refresh()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(bench.logged()).not.toContain('cannot refresh a key ring');
  });

  test('are not opened for a tenant that does not exist, and leave nothing for it', async () => {
    const rings = await bench.rings({ hasTenant: async (id) => id === 'ten_1' });
    const own = await rings.of('ten_1');
    await expect(rings.of('ten_2')).rejects.toMatchObject({ code: 'tenant_not_found' });
    expect(rings.all()).toEqual([rings.main, own]);
    expect([...(await bench.store.versions('ring')).keys()].toSorted()).toEqual(['shared', 'ten_1']);
    expect((await bench.filesIn('keys')).toSorted()).toEqual(['ring.json', 'ten_1.json']);
  });

  test('log a clock jump once for all rings, and once more when the clock is right again', async () => {
    const set = { ms: 0 };
    const rings = await bench.rings({ set });
    await rings.of('ten_1');
    const rounds = async (ms: number) => {
      set.ms = ms;
      for (let round = 0; round < 3; round++) await rings.advance();
    };
    await rounds(hour);
    expect(rings.clockProblems()).toEqual([
      'the clock of this server has jumped 3600 s forward since its start',
    ]);
    await rounds(0);
    expect(rings.clockProblems()).toEqual([]);
    const logLines = bench
      .logged()
      .split('\n')
      .filter((line) => line.includes('clock'))
      .map((line) => JSON.parse(line));
    expect(logLines).toEqual([
      expect.objectContaining({
        level: 'warn',
        reasons: ['the clock of this server has jumped 3600 s forward since its start'],
        msg: 'the clock is wrong, so no key is activated or removed; correct it (NTP) and restart this server',
      }),
      expect.objectContaining({ level: 'info', msg: 'the clock is trusted again' }),
    ]);
  });
});
