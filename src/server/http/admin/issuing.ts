/** /issuing: suspends and resumes issuing, for the whole server or one tenant. */
import { z } from 'zod';
import { suspensionInput } from '../../../access/suspension/index.ts';
import { timestamp } from '../../../platform/validation/index.ts';
import { nothing, type Route, readRoute, writeRoute } from './route.ts';
import type { AdminServices } from './services.ts';

export { suspensionInput };

export const suspension = z.object({
  tenant: z.string().nullable().describe('Null for the whole server.'),
  reason: z.string(),
  since: timestamp,
});

export const issuing = z.object({
  suspended: z.boolean().describe('Whether issuing is suspended for the whole server.'),
  items: z.array(suspension).describe('All current suspensions.'),
});

async function viewOf({ suspensions }: Pick<AdminServices, 'suspensions'>) {
  const items = await suspensions.list();
  return { suspended: items.some(({ tenant }) => tenant === null), items };
}

const switchRoute = (verb: 'suspend' | 'resume', operationId: string, summary: string): Route =>
  writeRoute({
    method: 'POST',
    path: `/issuing/${verb}`,
    operationId,
    summary,
    input: suspensionInput,
    status: 200,
    answer: issuing,
    refusals: ['tenant_not_found', 'version_conflict'],
    async change(services, { body }) {
      const event = verb === 'suspend' ? 'issuing.suspended' : 'issuing.resumed';
      const auditEvent = { event, ...(await services.suspensions[verb](body)) } as const;
      return { answer: await viewOf(services), auditEvent };
    },
  });

export const issuingRoutes: readonly Route[] = [
  readRoute({
    path: '/issuing',
    operationId: 'showIssuing',
    summary: 'Show whether issuing is suspended, for the whole server and for tenants',
    query: nothing,
    answer: issuing,
    find: viewOf,
  }),
  switchRoute(
    'suspend',
    'suspendIssuing',
    'Suspend issuing: no token and no credentials, also no cached ones; issuer documents stay available',
  ),
  switchRoute('resume', 'resumeIssuing', 'Resume issuing'),
];
