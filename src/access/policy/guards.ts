/** Guards: conditions that every client must meet to use the connections that a guard matches. */
import { z } from 'zod';
import {
  conditions,
  connectionStandsAlone,
  purposesField,
  type Restriction,
  selectors,
} from '../clients/index.ts';

export const guardModes = ['enforce', 'audit'] as const;

const maxGuards = 100;

const guardName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a name of lower-case letters, digits and hyphens');

const match = z
  .strictObject(selectors)
  .refine(connectionStandsAlone, {
    message: 'cannot be combined with other selectors',
    path: ['connection'],
    when: ({ issues }) => issues.length === 0,
  })
  .describe('The connections to which the guard applies: those that match every selector; {} for all.');

const requirement = z
  .strictObject({
    ...conditions,
    purposes: purposesField.describe('Allows only these purposes, and so no cloud token.'),
  })
  .refine((restriction) => Object.keys(restriction).length > 0, {
    message: 'must contain claims, methods, hours or purposes',
    when: ({ issues }) => issues.length === 0,
  })
  .describe('Conditions that must all be met.');

export const guardInput = z.strictObject({
  name: guardName,
  match,
  require: requirement,
  mode: z
    .enum(guardModes, `must be ${guardModes.join(' or ')}`)
    .default('enforce')
    .describe('In mode audit the guard refuses nothing; the audit log records what it would refuse.'),
});

export const guardsField = z
  .array(guardInput)
  .max(maxGuards, `must be ${maxGuards} guards at most`)
  .superRefine((guards, context) => {
    for (const [index, { name }] of guards.entries())
      if (guards.findIndex((other) => other.name === name) < index)
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: 'is already the name of another guard',
        });
  });

type GuardInput = z.infer<typeof guardInput>;

export interface Guard extends Omit<GuardInput, 'require'> {
  readonly require: Restriction;
}
