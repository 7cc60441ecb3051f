/** The schema of an error (RFC 9457) for the OpenAPI document. */
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
    .describe('Every invalid field.'),
  request_id: z.string().describe('The id of this request in the log and the audit.'),
});
