/** /outage: how long workloads keep working if this server stops. */
import { z } from 'zod';
import { timestamp } from '../../../platform/validation/index.ts';
import { nothing, readRoute } from './route.ts';

const servedCredentials = z.object({
  client: z.string(),
  connection: z.string(),
  tenant: z.string(),
  purpose: z.string().nullable(),
  first_served_at: timestamp.describe('When they were first served.'),
  expires_at: timestamp,
  remaining_seconds: z.int().describe('Seconds until they expire.'),
});

export const outageBudget = z.object({
  in_use: z.int().describe('The number of pairs of client and connection whose credentials are in use.'),
  first_failure: servedCredentials
    .nullable()
    .describe('The credentials that expire first; null when none are in use.'),
  items: z.array(servedCredentials).describe('The 50 that expire first, soonest first.'),
});

export const outageRoute = readRoute({
  path: '/outage',
  operationId: 'showOutageBudget',
  summary: 'Show when the first workload would lack credentials if the issuer stopped now',
  query: nothing,
  answer: outageBudget,
  async find({ outageBudget }) {
    const { in_use, first } = await outageBudget.compute();
    return { in_use, first_failure: first[0] ?? null, items: first };
  },
});
