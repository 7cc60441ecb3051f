/** Which lines are due: older than the configuration keeps lines of their event. */
import type { Config } from '../../server/config/index.ts';
import { prunedEvent } from './records.ts';
import type { KeptLine } from './write-lines.ts';

/** @param now milliseconds since the epoch */
export function dueLines({ audit }: Pick<Config, 'audit'>, now: number): (line: KeptLine) => boolean {
  const { default: defaultAge, events } = audit.retention;
  return ({ at, text }) => {
    const { event } = JSON.parse(text) as { readonly event?: string };
    // Without it, the log could not be verified any more.
    if (event === undefined || event === prunedEvent) return false;
    const seconds = Object.hasOwn(events, event) ? events[event] : defaultAge;
    return typeof seconds === 'number' && at + seconds * 1_000 < now;
  };
}
