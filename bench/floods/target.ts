/** What floods and measurements need to know of the server. */
export interface Target {
  readonly origin: string;
  /** The path of an invitation's page. */
  readonly page: string;
  /** A form for /token with the client's secret, and one with a wrong secret. */
  readonly good: string;
  readonly wrong: string;
}

/** Of the measurements, in milliseconds. */
export interface Latencies {
  readonly documents: readonly number[];
  readonly client: readonly number[];
  /** Documents that were not answered with 200, and requests of the client without a token at last. */
  readonly failures: number;
}

/** Each flood ends after this time at the latest. */
export const floodMs = 6_000;
/** Measurements begin and end this long after the flood's begin and before its end. */
export const marginMs = 500;
