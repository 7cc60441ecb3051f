/** Whether a time is within a window of hours, by the wall clock of a time zone. Pure. */
import { dayNames, type Hours } from '../clients/index.ts';

/** Creating a formatter costs about 100 times as much as using it. Bounded: there are about 600 zones. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const formatter =
    formatters.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  formatters.set(timeZone, formatter);
  return formatter;
}

/** The wall clock of the zone: day of the week from 0 (Sunday), and time of day as `08:00`. */
function wallClock(timeZone: string, at: number): { day: number; time: string } {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return {
    day: (dayNames as readonly string[]).indexOf(parts.get('weekday')?.toLowerCase() ?? ''),
    time: `${parts.get('hour')}:${parts.get('minute')}`,
  };
}

/**
 * `at` in milliseconds. If `to` is before `from`, the window ends on the next day and belongs to the day on which it
 * begins. The wall clock decides: the hour that daylight saving time skips is in no window, and the hour that it repeats
 * is in the window both times. Times of day all have the form `08:00`, so that they compare as text.
 */
export function isWithin({ from, to, days, time_zone }: Hours, at: number): boolean {
  const { day, time } = wallClock(time_zone, at);
  const isOnDay = (which: number) => days === undefined || days.includes(dayNames[which % 7]!);
  if (from < to) return isOnDay(day) && from <= time && time < to;
  return (isOnDay(day) && from <= time) || (isOnDay(day + 6) && time < to);
}
