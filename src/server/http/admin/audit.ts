/** /audit: the audit log, newest entry first. */
import { z } from 'zod';
import { timestamp } from '../../../platform/validation/index.ts';
import { limit, mapPage, pageOf, sequence, shortText } from './paging.ts';
import { type Route, readRoute } from './route.ts';

const time = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2027-01-31T12:00:00Z' })
  .transform((text) => Date.parse(text))
  .exactOptional();

const auditQuery = z.strictObject({
  from: time.describe('Only entries at or after this time.'),
  to: time.describe('Only entries at or before this time.'),
  connection: shortText,
  client: shortText,
  tenant: shortText,
  jti: shortText,
  event: shortText,
  before: sequence.describe('Only entries older than this id: `next` of the previous page.'),
  limit,
});

const text = z.string().exactOptional();

export const auditLine = z.object({
  id: z.int(),
  occurred_at: timestamp,
  event: z.string(),
  outcome: z.enum(['ok', 'refused', 'failed']),
  actor: z
    .string()
    .describe(
      '`admin`, `system`, `customer`, the id of an authenticated client, or `unknown` for a caller that has not authenticated.',
    ),
  client: text,
  connection: text,
  tenant: text,
  jti: text,
  kid: text,
  sub: text,
  aud: text,
  source_ip: text.describe('The caller’s network address.'),
  request_id: text.describe('The id of the request, as in `x-request-id` and in the log.'),
  reason: text.describe('The internal reason of a refusal, more precise than the answer to the caller.'),
  facts: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .describe(
      '`count` is the number of refusals of unauthenticated callers that this line stands for: with this event and reason, from this `network`, between the times `from` and `to`.',
    )
    .exactOptional(),
  spooled: text.describe(
    'The id under which the entry waited in a local file, because the store could not take it at once (`audit.on_failure: spool`).',
  ),
});

export const auditPage = pageOf(auditLine);

export const auditRoutes: readonly Route[] = [
  readRoute({
    path: '/audit',
    operationId: 'searchAudit',
    summary: 'List audit entries, newest first',
    query: auditQuery,
    answer: auditPage,
    async find({ audit }, { query }) {
      return mapPage(await audit.search(query), (line) => line);
    },
  }),
];
