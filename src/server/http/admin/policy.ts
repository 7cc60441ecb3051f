/** /policy: the guards that stand above the rules of all clients. */
import { z } from 'zod';
import { policyInput } from '../../../access/policy/index.ts';
import { conditions, purposes, selectors } from './access.ts';
import { act, look, nothing, type Route } from './route.ts';
import { moment } from './words.ts';

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
  updated_at: moment.nullable(),
});

export const policyRoutes: readonly Route[] = [
  look({
    path: '/policy',
    name: 'showPolicy',
    summary: 'Show the policy and its version',
    query: nothing,
    answer: policy,
    find: ({ policy: room }) => room.document(),
  }),
  act({
    method: 'PUT',
    path: '/policy',
    name: 'replacePolicy',
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
        did: { event: 'policy.updated', facts: { version, guards: guards.length } },
      };
    },
  }),
];
