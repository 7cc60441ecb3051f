/** The form of a refusal (RFC 9457), as the OpenAPI document tells it. */
import { z } from 'zod';
import { type ErrorCode, errorTable } from '../../../platform/errors/index.ts';

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]),
  detail: z.string(),
  advice: z.string(),
  errors: z
    .array(z.object({ field: z.string(), message: z.string() }))
    .exactOptional()
    .describe('Every faulty field.'),
  request_id: z.string().describe('The id under which the log and the audit have this request.'),
});
