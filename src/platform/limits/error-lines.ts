/** Error lines that callers can cause: an outage or a defect must not write one line for each request. */
import type { Logger } from '../log/index.ts';
import type { Now } from '../time/index.ts';
import { createBuckets } from './buckets.ts';

const linesAtOnce = 10;
const linesPerSecond = 1;

/** Limits `error` per `code` of the line. The next line of the code states how many were left out before it. */
export function limitErrors(logger: Logger, now: Now): Logger {
  const lines = createBuckets({ size: linesAtOnce, perSecond: linesPerSecond }, now);
  const leftOut = new Map<string, number>();
  const error = (fields: { readonly code?: string }, message: string) => {
    const { code = '' } = fields;
    const count = leftOut.get(code) ?? 0;
    if (lines.retryAfter(code) > 0) return void leftOut.set(code, count + 1);
    lines.consume(code);
    leftOut.delete(code);
    logger.error({ ...fields, ...(count > 0 ? { left_out: count } : {}) }, message);
  };
  return Object.create(logger, { error: { value: error } }) as Logger;
}
