/** Values of CEL expressions. */

/** The expression has no value: a missing claim, for example. Google then refuses the token. */
export const failure = Symbol('failure');
/** The linter does not know the value. */
export const unknown = Symbol('unknown');

export type Value =
  | string
  | boolean
  | bigint
  | number
  | null
  | readonly Value[]
  | Instant
  | CelMap
  | typeof failure
  | typeof unknown;

/** Milliseconds since the epoch. */
export class Instant {
  readonly time: number;
  constructor(time: number) {
    this.time = time;
  }
}

export type CelMap = ReadonlyMap<string, Value>;
