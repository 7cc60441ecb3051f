import { describe, expect, test } from '@jest/globals';
import { guardInput, isWithin } from '../../../src/access/policy/index.ts';
import { read } from '../../../src/platform/validation/index.ts';
import { faultsOf } from '../../support/modules.ts';

const hoursOf = (hours: unknown) =>
  read(guardInput, { name: 'g', match: {}, require: { hours } }).require.hours!;
const within = (hours: object, ...times: readonly string[]) =>
  times.map((time) => isWithin(hoursOf({ time_zone: 'Europe/Berlin', ...hours }), Date.parse(time)));

describe('a window of hours', () => {
  test('includes its first minute and excludes its last, in its time zone', () => {
    const winter = ['06:59:59', '07:00:00', '16:59:59', '17:00:00'].map((time) => `2026-11-23T${time}Z`);
    const summer = ['05:59:59', '06:00:00', '15:59:59', '16:00:00'].map((time) => `2026-07-20T${time}Z`);
    for (const times of [winter, summer])
      expect(within({ from: '08:00', to: '18:00' }, ...times)).toEqual([false, true, true, false]);
  });

  test('can be the whole day up to 24:00', () => {
    const times = ['2026-11-22T23:00:00Z', '2026-11-23T22:59:59Z', '2026-11-23T23:00:00Z'];
    expect(within({ from: '00:00', to: '24:00', days: ['mon'] }, ...times)).toEqual([true, true, false]);
  });

  test('applies only on its days in its time zone', () => {
    // Sunday 23:30 in London is Monday 00:30 in Berlin.
    const hours = { from: '00:00', to: '01:00', days: ['mon'] };
    expect(within(hours, '2026-11-22T23:30:00Z', '2026-11-23T23:30:00Z')).toEqual([true, false]);
    expect(within({ ...hours, time_zone: 'Europe/London' }, '2026-11-22T23:30:00Z')).toEqual([false]);
  });

  test('over midnight belongs to the day on which it begins', () => {
    const hours = { from: '22:00', to: '06:00', days: ['fri'] };
    const times = [
      '2026-11-26T23:00:00Z', // Friday 00:00: the night of Thursday
      '2026-11-27T20:59:59Z', // Friday 21:59:59
      '2026-11-27T21:00:00Z', // Friday 22:00
      '2026-11-28T04:59:59Z', // Saturday 05:59:59
      '2026-11-28T05:00:00Z', // Saturday 06:00
      '2026-11-28T22:00:00Z', // Saturday 23:00
    ];
    expect(within(hours, ...times)).toEqual([false, false, true, true, false, false]);
    const sunday = { from: '23:00', to: '01:00', days: ['sat'] };
    expect(within(sunday, '2026-11-28T23:30:00Z', '2026-11-29T23:30:00Z')).toEqual([true, false]);
  });

  test('over midnight includes the last minute of the day', () => {
    const night = { from: '23:58', to: '00:01', days: ['mon'] };
    const times = ['22:57:59', '22:58:00', '22:59:59', '23:00:00', '23:00:59', '23:01:00'];
    expect(within(night, ...times.map((time) => `2026-11-23T${time}Z`))).toEqual([
      ...[false, true, true],
      ...[true, true, false],
    ]);
  });

  test('excludes local times that daylight saving time skips', () => {
    // 2026-03-29: 01:59:59 is followed by 03:00:00.
    const times = ['2026-03-29T00:59:59Z', '2026-03-29T01:00:00Z', '2026-03-29T01:30:00Z'];
    expect(within({ from: '02:00', to: '03:00' }, ...times)).toEqual([false, false, false]);
    expect(within({ from: '01:00', to: '02:00' }, ...times)).toEqual([true, false, false]);
    expect(within({ from: '03:00', to: '04:00' }, ...times)).toEqual([false, true, true]);
    expect(within({ from: '22:00', to: '03:30' }, ...times)).toEqual([true, true, false]);
  });

  test('includes both occurrences of a local time that the end of daylight saving time repeats', () => {
    // 2026-10-25: 02:59:59 is followed by 02:00:00.
    const times = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:00:00Z'];
    expect(within({ from: '02:00', to: '03:00' }, ...times)).toEqual([true, true, false]);
  });

  test('supports zones with unusual offsets and without daylight saving time', () => {
    expect(
      within({ from: '17:45', to: '17:46', time_zone: 'Asia/Kathmandu' }, '2026-11-23T12:00:00Z'),
    ).toEqual([true]);
    expect(within({ from: '12:00', to: '12:01', time_zone: 'UTC' }, '2026-07-23T12:00:30Z')).toEqual([true]);
  });

  test.each([
    [{ time_zone: 'Europe/Nowhere' }, 'time_zone', 'must be a time zone such as Europe/Berlin'],
    [{ time_zone: '+01:00' }, 'time_zone', 'must be a time zone such as Europe/Berlin'],
    [{ time_zone: undefined }, 'time_zone', 'is missing'],
    [{ from: '8:00' }, 'from', 'must be a time of day such as 08:00, up to 24:00'],
    [{ to: '24:01' }, 'to', 'must be a time of day such as 08:00, up to 24:00'],
    [{ to: '08:00' }, 'to', 'must differ from `from`'],
    [{ days: [] }, 'days', 'must name a day'],
    [{ days: ['Monday'] }, 'days.0', 'must be one of sun, mon, tue, wed, thu, fri, sat'],
    [{ until: '1' }, 'until', 'is not known here'],
  ])('%j is rejected when it is saved', async (wrong, path, message) => {
    const hours = { from: '08:00', to: '18:00', time_zone: 'Europe/Berlin', ...wrong };
    expect(await faultsOf(() => hoursOf(hours))).toEqual([{ path: `require.hours.${path}`, message }]);
  });
});
