/**
 * Whether the clock of this server is trusted. Owns: the watch for jumps, the comparison with other clocks, and what restores
 * trust. Does not own: the refusals until then: keyrings sign nothing and change no key (tokens/keys).
 * Why these rules: docs/decisions/0017-when-the-clock-is-trusted.md.
 */
export { openClock } from './open.ts';
export { type ClockWatch, watchClock } from './watch.ts';
