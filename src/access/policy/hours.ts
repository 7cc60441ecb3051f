/** Whether it is within a window of hours, as the clocks of a time zone show it. Pure. */
import { dayNames, type Hours } from '../clients/index.ts';

const minutesPerDay = 1440;

/** A formatter costs a hundred times what it then does; there are some 600 zones. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  clocks.set(timeZone, known);
  return known;
}

/** The wall clock of the zone: the day of the week from 0 (Sunday), and the minute of that day. */
function wallClock(timeZone: string, at: number): { day: number; minute: number } {
  const parts = new Map(
    clockOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return {
    day: (dayNames as readonly string[]).indexOf(parts.get('weekday')?.toLowerCase() ?? ''),
    minute: minuteOf(`${parts.get('hour')}:${parts.get('minute')}`),
  };
}

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/**
 * `at` in milliseconds. A window that ends earlier than it begins ends on the next day, and belongs to the day on which
 * it began. What counts is the wall clock: an hour that summer time leaves out is in no window, and one that comes twice
 * is in both times.
 */
export function isWithin({ from, to, days, time_zone }: Hours, at: number): boolean {
  const { day, minute } = wallClock(time_zone, at);
  const [begin, end] = [minuteOf(from), minuteOf(to)];
  const on = (which: number) => days === undefined || days.includes(dayNames[which % 7]!);
  if (begin < end) return on(day) && begin <= minute && minute < end;
  return (on(day) && begin <= minute && minute < minutesPerDay) || (on(day + 6) && minute < end);
}
