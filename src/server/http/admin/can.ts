/** /clients/ID/can/CONNECTION: whether, for what, and what decides. */
import { z } from 'zod';
import { states } from '../../../access/approvals/index.ts';
import { rule } from './access.ts';
import { word } from './paging.ts';
import { look, type Route } from './route.ts';
import { moment } from './words.ts';

export const decision = z.object({
  allowed: z.boolean(),
  reason: z.enum([
    'rule_matched',
    'no_rule_matched',
    'condition_unmet',
    'purpose_not_allowed',
    'purpose_required',
    'guard_refused',
    'client_disabled',
    'connection_disabled',
    'connection_paused',
    'approval_required',
  ]),
  rule: rule
    .extend({ index: z.int().describe('Its place in may_use, from 0.') })
    .nullable()
    .describe('The first that admits, or the one that came nearest.'),
  guard: z.string().nullable().describe('The guard that refuses.'),
  unmet_conditions: z.array(z.string()).describe('Unmet conditions of that guard or rule.'),
  purpose: z
    .string()
    .nullable()
    .describe('The only purpose that it may be used for; null for everything, a cloud token too.'),
  purposes: z.array(z.string()).describe('Those of which one must be named.'),
  audit_violations: z.array(z.string()).describe('Guards in mode audit that would refuse.'),
  approval: z
    .object({
      approval: z.string().nullable().describe('Its id; null if the client has not requested one.'),
      state: z.enum([...states, 'not_requested']),
      expires_at: moment
        .nullable()
        .describe('When the grant ends, or when a denied client can request again.'),
    })
    .nullable()
    .describe('How the client stands with a connection that wants an approval; null where it wants none.'),
});

const claims = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('must be JSON');
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.string('must be a text')));

const canQuery = z.strictObject({
  purpose: word.describe('For this purpose; without it for everything, or for the one that there is.'),
  claims: claims
    .exactOptional()
    .describe(
      'Claims of the token by which it would have signed in: JSON such as {"ref":"refs/heads/main"}.',
    ),
  at: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-31T12:00:00Z' })
    .transform((text) => Date.parse(text))
    .exactOptional()
    .describe('At this time; now without it.'),
});

export const canRoute: Route = look({
  path: '/clients/:id/can/:connection',
  name: 'explainAccess',
  summary: 'Tell whether a client may use a connection, and which rule or guard decides',
  query: canQuery,
  answer: decision,
  refusals: ['client_not_found', 'connection_not_found'],
  async find({ clients, connections, policy }, { params, query: { claims: given = {}, ...asked } }) {
    const client = await clients.get(params.id);
    const connection = await connections.get(params.connection);
    return policy.explain({ client, connection, claims: given, ...asked });
  },
});
