/** Maps errors of Google Cloud KMS: https://cloud.google.com/kms/docs/reference/rest, google.rpc.Status. */
import { z } from 'zod';
import type { SojournError } from '../../../platform/errors/index.ts';
import type { OutboundResponse } from '../../../platform/outbound/index.ts';
import { refused, throttled, unavailable } from '../service/faults.ts';
import { optionalText, readError, retryAfterOf } from '../service/rest.ts';

const errorSchema = z.object({ error: z.object({ status: optionalText, message: optionalText }) });

/** FAILED_PRECONDITION: the key version is disabled or scheduled for destruction. */
const refusals = ['PERMISSION_DENIED', 'NOT_FOUND', 'FAILED_PRECONDITION', 'INVALID_ARGUMENT'];

export function explain(answer: OutboundResponse): SojournError {
  const { status, message } = readError(errorSchema, answer)?.error ?? { status: '', message: '' };
  const text = `Google Cloud KMS: ${status || `status ${answer.status}`}${message ? `: ${message}` : ''}`;
  if (refusals.includes(status)) return refused(text);
  if (status === 'RESOURCE_EXHAUSTED' || answer.status === 429) return throttled(text, retryAfterOf(answer));
  return unavailable(text);
}
