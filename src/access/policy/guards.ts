/** The guards: what must hold for everybody who uses the connections that they are about. */
import { z } from 'zod';
import {
  conditions,
  connectionStandsAlone,
  purposesField,
  type Restriction,
  selectors,
} from '../clients/index.ts';

const maxGuards = 100;

const guardName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a name of lower-case letters, digits and hyphens');

const on = z
  .strictObject(selectors)
  .refine(connectionStandsAlone, {
    message: 'must stand alone: one connection needs no other selector',
    path: ['connection'],
    when: ({ issues }) => issues.length === 0,
  })
  .describe('The connections that it is about: those of which everything holds; {} for all.');

const demanded = z
  .strictObject({
    ...conditions,
    purposes: purposesField.describe('Only for these purposes, so never for a cloud token.'),
  })
  .refine((given) => Object.keys(given).length > 0, {
    message: 'must name claims, methods, hours or purposes',
    when: ({ issues }) => issues.length === 0,
  })
  .describe('What must hold; everything that is there.');

export const guardInput = z.strictObject({
  name: guardName,
  on,
  require: demanded,
  mode: z
    .enum(['enforce', 'audit'], 'must be enforce or audit')
    .default('enforce')
    .describe('With audit nothing is refused, and the audit tells what would be.'),
});

export const guardsField = z
  .array(guardInput)
  .max(maxGuards, `must be ${maxGuards} guards at most`)
  .superRefine((guards, context) => {
    for (const [index, { name }] of guards.entries())
      if (guards.findIndex((other) => other.name === name) < index)
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is the name of another guard' });
  });

type Read = z.infer<typeof guardInput>;

export interface Guard extends Omit<Read, 'require'> {
  readonly require: Restriction;
}
