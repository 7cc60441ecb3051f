/** Refusals of unauthenticated callers: which are lines of their own, and how the others are counted. */
import { expect, test } from '@jest/globals';
import type { AuditEntry } from '../../../src/platform/audit/index.ts';
import { sampleRefusals } from '../../../src/platform/limits/index.ts';

/** 2026-11-23T12:00:00Z */
const noon = 1_795_435_200_000;

const guess = (source_ip: string, reason = 'invalid_client'): AuditEntry => ({
  event: 'token.refused',
  outcome: 'refused',
  actor: 'unknown',
  client: 'cli_1',
  source_ip,
  request_id: 'req_1',
  reason,
});

function bench() {
  const clock = { ms: noon };
  const refusals = sampleRefusals(() => clock.ms);
  let samples = 0;
  const written: AuditEntry[] = [];
  const write = async (entry: AuditEntry) => void written.push(entry);
  return {
    clock,
    refusals,
    written,
    samples: () => samples,
    refuse(entry: AuditEntry) {
      if (refusals.isSample(entry)) samples += 1;
      else refusals.count(entry);
    },
    async counted(all = false): Promise<readonly AuditEntry[]> {
      await refusals.writeCounts(write, all);
      return written.splice(0);
    },
  };
}
const sum = (entries: readonly AuditEntry[]): number =>
  entries.reduce((total, { facts }) => total + Number(facts?.count), 0);

test('ten refusals of one reason and network in a minute are lines, and the others one count after the minute', async () => {
  const { clock, refuse, samples, counted } = bench();
  for (let second = 0; second < 50; second++) {
    clock.ms = noon + second * 1_000;
    refuse(guess(`192.0.2.${second}`));
  }
  expect(samples()).toBe(10);
  expect(await counted()).toEqual([]);
  clock.ms = noon + 60_000;
  expect(await counted()).toEqual([
    {
      event: 'token.refused',
      outcome: 'refused',
      actor: 'unknown',
      reason: 'invalid_client',
      facts: {
        count: 40,
        network: '192.0.2.0/24',
        from: '2026-11-23T12:00:10.000Z',
        to: '2026-11-23T12:00:49.000Z',
      },
    },
  ]);
  expect(await counted(true)).toEqual([]);
  for (let times = 0; times < 11; times++) refuse(guess('192.0.2.1'));
  expect([samples(), sum(await counted()), sum(await counted(true))]).toEqual([20, 0, 1]);
});

test('refusals are grouped by IPv4 /24 and IPv6 /48, by reason and by event', async () => {
  const { refuse, counted } = bench();
  const addresses: Record<string, string> = {
    '192.0.2.1': '192.0.2.0/24',
    '192.0.3.1': '192.0.3.0/24',
    '::ffff:192.0.2.9': '192.0.2.0/24',
    '2001:db8:1:2::3': '2001:db8:1::/48',
    '2001:0DB8:1:ffff:1:1:1:1': '2001:db8:1::/48',
    '2001:db8:2::1': '2001:db8:2::/48',
    '::1': '::/48',
    'fe80::1%eth0': 'fe80::/48',
  };
  for (let times = 0; times < 100; times++)
    for (const address of Object.keys(addresses)) refuse(guess(address));
  for (let times = 0; times < 20; times++) {
    refuse(guess('192.0.2.1', 'invalid_request'));
    refuse({ ...guess('192.0.2.1'), event: 'api.refused' });
  }
  const lines = await counted(true);
  expect(lines.map(({ event, reason, facts }) => [facts?.network, event, reason, facts?.count])).toEqual([
    ['192.0.2.0/24', 'token.refused', 'invalid_client', 190],
    ['2001:db8:1::/48', 'token.refused', 'invalid_client', 190],
    ['192.0.3.0/24', 'token.refused', 'invalid_client', 90],
    ['2001:db8:2::/48', 'token.refused', 'invalid_client', 90],
    ['::/48', 'token.refused', 'invalid_client', 90],
    ['fe80::/48', 'token.refused', 'invalid_client', 90],
    ['192.0.2.0/24', 'token.refused', 'invalid_request', 10],
    ['192.0.2.0/24', 'api.refused', 'invalid_client', 10],
  ]);
});

test('a million refusals from a million networks are 100 lines and 21 counts, which add up, in bounded memory and time', async () => {
  const { refuse, samples, counted } = bench();
  const startedAt = performance.now();
  const before = process.memoryUsage().heapUsed;
  for (let number = 0; number < 1_000_000; number++) {
    refuse(guess(`${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}.7`));
    // One network that is not among the first ones, but has more refusals than any other.
    if (number % 1_000 === 0) refuse(guess('203.0.113.1', 'guesses'));
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200_000_000);
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  const lines = await counted(true);
  expect([samples(), lines.length, samples() + sum(lines)]).toEqual([100, 21, 1_001_000]);
  expect(lines[0]).toMatchObject({ reason: 'guesses', facts: { count: 999, network: '203.0.113.0/24' } });
  expect(lines.at(-1)).toMatchObject({
    event: 'token.refused',
    reason: 'other reasons and networks',
    facts: { count: 1_001_000 - 100 - 999 - 19 },
  });
}, 60_000);

test('many reasons are bounded like many networks', async () => {
  const { refuse, samples, counted } = bench();
  for (let number = 0; number < 5_000; number++) refuse(guess('192.0.2.1', `reason ${number}`));
  const lines = await counted(true);
  expect([samples(), lines.length, samples() + sum(lines)]).toEqual([100, 21, 5_000]);
});

test('a flood at the public listener does not hide guesses at the admin token', async () => {
  const { refuse, refusals, counted } = bench();
  for (let number = 0; number < 5_000; number++) refuse(guess(`10.0.${number & 255}.1`, `reason ${number}`));
  const atAdmin: AuditEntry = { ...guess('127.0.0.1', 'invalid bearer token'), event: 'admin.refused' };
  expect(Array.from({ length: 13 }, () => refusals.isSample(atAdmin))).toEqual([
    ...Array(10).fill(true),
    ...Array(3).fill(false),
  ]);
  refuse(atAdmin);
  expect((await counted(true)).at(-1)).toMatchObject({ event: 'admin.refused', facts: { count: 1 } });
});

test('counts that cannot be written are tried again after a minute, together with the later ones', async () => {
  const { clock, refusals, refuse, counted } = bench();
  const refuseAll = (times: number) => {
    for (let time = 0; time < times; time++)
      for (const network of ['192.0.2.1', '192.0.3.1']) refuse(guess(network));
  };
  refuseAll(15);
  clock.ms += 60_000;
  let writes = 0;
  const full = async () => {
    if (++writes === 2) throw new Error('full');
  };
  await expect(refusals.writeCounts(full, false)).rejects.toThrow('full');
  await refusals.writeCounts(full, false);
  expect(writes).toBe(2);
  refuseAll(12);
  clock.ms += 60_000;
  const facts = (await counted()).map((line) => line.facts);
  expect(facts).toEqual([
    {
      count: 7,
      network: '192.0.3.0/24',
      from: '2026-11-23T12:00:00.000Z',
      to: '2026-11-23T12:01:00.000Z',
    },
    {
      count: 2,
      network: '192.0.2.0/24',
      from: '2026-11-23T12:01:00.000Z',
      to: '2026-11-23T12:01:00.000Z',
    },
  ]);
});

test('a clock that is set back loses no count', async () => {
  const { clock, refuse, samples, counted } = bench();
  for (let times = 0; times < 15; times++) refuse(guess('192.0.2.1'));
  clock.ms -= 3_600_000;
  for (let times = 0; times < 15; times++) refuse(guess('192.0.2.1'));
  expect(samples() + sum(await counted())).toBe(30);
});
