/** /policy: the guards, which every client must meet in addition to its own rules. */
import { z } from 'zod';
import { guardModes, policyInput } from '../../../access/policy/index.ts';
import { timestamp } from '../../../platform/validation/index.ts';
import { nothing, type Route, readRoute, writeRoute } from './route.ts';
import { conditions, purposes, selectors } from './rule-schemas.ts';

export { policyInput };

export const policy = z.object({
  version: z.int().describe('Send it with the policy that replaces this one; 0 if no policy was ever set.'),
  guards: z.array(
    z.object({
      name: z.string(),
      match: z.object(selectors),
      require: z.object({ ...conditions, purposes }),
      mode: z.enum(guardModes),
    }),
  ),
  updated_at: timestamp.nullable(),
});

export const policyRoutes: readonly Route[] = [
  readRoute({
    path: '/policy',
    operationId: 'showPolicy',
    summary: 'Show the policy and its version',
    query: nothing,
    answer: policy,
    find: (services) => services.policy.document(),
  }),
  writeRoute({
    method: 'PUT',
    path: '/policy',
    operationId: 'replacePolicy',
    summary: 'Replace the policy if `version` is still the current version',
    input: policyInput,
    status: 200,
    answer: policy,
    refusals: ['version_conflict'],
    async change(services, { body }) {
      const document = await services.policy.replace(body);
      const { version, guards } = document;
      return {
        answer: document,
        auditEvent: { event: 'policy.updated', facts: { version, guards: guards.length } },
      };
    },
  }),
];
