/** Durations as people write them: a whole number and a unit. */
import { z } from 'zod';

const secondsPer: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** Ten years: longer is a slip of the pen, and would leave the range of dates. */
const longest = 3650 * 86_400;

const form = 'must be a number with a unit: 500ms, 90s, 5m, 24h or 30d';

/** Reads `30d` into seconds. */
export const durationField = z.string(form).transform((text, context) => {
  const [, amount, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const seconds = Number(amount) * (secondsPer[unit] ?? Number.NaN);
  if (seconds > 0 && seconds <= longest) return seconds;
  const message = Number.isNaN(seconds) ? form : 'must be more than nothing and 3650d at most';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** Reads a duration and bounds it; the bounds are told in the words of the file. */
export const durationBetween = (least: string, most: string) =>
  durationField.refine(
    (seconds) => seconds >= durationField.parse(least) && seconds <= durationField.parse(most),
    `must be from ${least} to ${most}`,
  );
