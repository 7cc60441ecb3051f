/** What an error of Google Cloud means: https://cloud.google.com/kms/docs/reference/rest, google.rpc.Status. */
import { z } from 'zod';
import type { SojournError } from '../../../platform/errors/index.ts';
import type { OutboundAnswer } from '../../../platform/outbound/index.ts';
import { refused, throttled, unavailable } from '../service/faults.ts';
import { readError, retryAfterOf, text } from '../service/rest.ts';

const errorSchema = z.object({ error: z.object({ status: text, message: text }) });

/** FAILED_PRECONDITION is what a version that is disabled or to be destroyed answers with. */
const refusals = ['PERMISSION_DENIED', 'NOT_FOUND', 'FAILED_PRECONDITION', 'INVALID_ARGUMENT'];

export function explain(answer: OutboundAnswer): SojournError {
  const { status, message } = readError(errorSchema, answer)?.error ?? { status: '', message: '' };
  const said = `Google Cloud KMS: ${status || `status ${answer.status}`}${message ? `: ${message}` : ''}`;
  if (refusals.includes(status)) return refused(said);
  if (status === 'RESOURCE_EXHAUSTED' || answer.status === 429) return throttled(said, retryAfterOf(answer));
  return unavailable(said);
}
