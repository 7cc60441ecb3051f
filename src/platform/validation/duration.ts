/** Durations: a whole number and a unit, such as `30d`. */
import { z } from 'zod';

const secondsPer: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** Ten years. Longer values are typing errors and could exceed the range of dates. */
const maxSeconds = 3650 * 86_400;

const formatMessage = 'must be a number with a unit: 500ms, 90s, 5m, 24h or 30d';

/** Parses `30d` to seconds. */
export const durationField = z.string(formatMessage).transform((text, context) => {
  const [, amount, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const seconds = Number(amount) * (secondsPer[unit] ?? Number.NaN);
  if (seconds > 0 && seconds <= maxSeconds) return seconds;
  const message = Number.isNaN(seconds) ? formatMessage : 'must be more than 0 and at most 3650d';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** A duration within bounds; the message repeats the bounds as they are written. */
export const durationBetween = (least: string, most: string) =>
  durationField.refine(
    (seconds) => seconds >= durationField.parse(least) && seconds <= durationField.parse(most),
    `must be from ${least} to ${most}`,
  );
