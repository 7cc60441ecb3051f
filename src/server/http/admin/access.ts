/** /clients/ID/access/CONNECTION: whether a client may use a connection, and which rule or guard decides. */
import { z } from 'zod';
import { states } from '../../../access/approvals/index.ts';
import { explanationReasons } from '../../../access/policy/index.ts';
import { timestamp } from '../../../platform/validation/index.ts';
import { suspension } from './issuing.ts';
import { shortText } from './paging.ts';
import { type Route, readRoute } from './route.ts';
import { rule } from './rule-schemas.ts';

export const decision = z.object({
  allowed: z.boolean(),
  reason: z.enum(explanationReasons),
  rule: rule
    .extend({ index: z.int().describe('Position in `may_use`, from 0.') })
    .nullable()
    .describe('The first rule that allows the access, or else the closest match.'),
  guard: z.string().nullable().describe('The guard that refuses.'),
  unmet_conditions: z.array(z.string()).describe('Unmet conditions of that guard or rule.'),
  purpose: z
    .string()
    .nullable()
    .describe(
      'The only purpose that the access is limited to; null for unlimited access, which includes the cloud token.',
    ),
  purposes: z.array(z.string()).describe('Purposes of which the client must name one.'),
  audit_violations: z.array(z.string()).describe('Guards in mode `audit` that would refuse.'),
  approval: z
    .object({
      approval: z.string().nullable().describe('Its id; null if the client has not requested one.'),
      state: z.enum([...states, 'not_requested']),
      expires_at: timestamp
        .nullable()
        .describe('When the grant ends, or when a denied client can request again.'),
    })
    .nullable()
    .describe('The client’s approval; null if the connection requires none.'),
  suspension: suspension
    .exactOptional()
    .describe('While issuing is suspended, no client gets tokens or credentials, whatever the decision.'),
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

const accessQuery = z.strictObject({
  purpose: shortText.describe(
    'For this purpose. Without it: for unlimited access, or for the only purpose that is allowed.',
  ),
  claims: claims
    .exactOptional()
    .describe(
      'Claims of the token that the client would sign in with, as JSON such as {"ref":"refs/heads/main"}.',
    ),
  at: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-31T12:00:00Z' })
    .transform((text) => Date.parse(text))
    .exactOptional()
    .describe('Decide for this time; the default is now.'),
});

export const accessRoute: Route = readRoute({
  path: '/clients/:id/access/:connection',
  operationId: 'explainAccess',
  summary: 'Explain whether a client may use a connection, and which rule or guard decides',
  query: accessQuery,
  answer: decision,
  refusals: ['client_not_found', 'connection_not_found'],
  async find(
    { clients, connections, policy, suspensions },
    { params, query: { claims: tokenClaims = {}, ...query } },
  ) {
    const client = await clients.get(params.id);
    const connection = await connections.get(params.connection);
    const suspended = await suspensions.of(connection.tenant);
    return {
      ...(await policy.explain({ client, connection, claims: tokenClaims, ...query })),
      ...(suspended && { suspension: suspended }),
    };
  },
});
