/** Error lines that callers can cause: an outage or a defect must not write one line for each request. */
import type { Logger } from '../log/index.ts';
import type { Now } from '../time/index.ts';
import { createLineLimit } from './lines.ts';

const rate = { size: 10, perSecond: 1 };

/** Limits `error` per `code` of the line. */
export function limitErrors(logger: Logger, now: Now): Logger {
  const countLine = createLineLimit(rate, now);
  const error = (fields: { readonly code?: string }, message: string) => {
    const added = countLine(fields.code ?? '');
    if (added) logger.error({ ...fields, ...added }, message);
  };
  return Object.create(logger, { error: { value: error } }) as Logger;
}
