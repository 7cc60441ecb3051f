/** /policy: the guards that stand above the rules of all clients. */
import { z } from 'zod';
import { policyInput } from '../../../access/policy/index.ts';
import { timestamp } from './fields.ts';
import { nothing, type Route, readRoute, writeRoute } from './route.ts';
import { conditions, purposes, selectors } from './rule-schemas.ts';

export { policyInput };

export const policy = z.object({
  version: z
    .int()
    .describe('To be sent with the policy that replaces this one; 0 where there was never one.'),
  guards: z.array(
    z.object({
      name: z.string(),
      match: z.object(selectors),
      require: z.object({ ...conditions, purposes }),
      mode: z.enum(['enforce', 'audit']),
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
    find: ({ policy: room }) => room.document(),
  }),
  writeRoute({
    method: 'PUT',
    path: '/policy',
    operationId: 'replacePolicy',
    summary: 'Replace the policy, if its version is still the one that is named',
    input: policyInput,
    status: 200,
    answer: policy,
    refusals: ['version_conflict'],
    async change({ policy: room }, { body }) {
      const document = await room.replace(body);
      const { version, guards } = document;
      return {
        answer: document,
        auditEvent: { event: 'policy.updated', facts: { version, guards: guards.length } },
      };
    },
  }),
];
