/** /outage: how long the workloads would go on without this server. */
import { z } from 'zod';
import { look, nothing } from './route.ts';
import { moment } from './words.ts';

const liveCredentials = z.object({
  client: z.string(),
  connection: z.string(),
  tenant: z.string(),
  purpose: z.string().nullable(),
  since: moment.describe('When they were handed out first.'),
  expires_at: moment,
  seconds: z.int().describe('What is left of them.'),
});

export const outageBudget = z.object({
  live: z.int().describe('Of how many clients and connections credentials are in use.'),
  first_failure: liveCredentials.nullable().describe('Which of them ends first; null when there are none.'),
  items: z.array(liveCredentials).describe('The 50 that end first.'),
});

export const outageRoute = look({
  path: '/outage',
  name: 'showOutageBudget',
  summary: 'If the issuer stopped now: when the first workload would be without credentials',
  query: nothing,
  answer: outageBudget,
  async find({ outage }) {
    const { live, first } = await outage.budget();
    return { live, first_failure: first[0] ?? null, items: first };
  },
});
