/** The input schema of a client's rule. */
import { z } from 'zod';
import { cloudNames } from '../../clouds/index.ts';
import { conditions, connectionStandsAlone, purposesField, selectors } from './conditions.ts';

const ruleForms = `must be {"connection": "con_…"}, or one or more of {"tenant": "ten_…", "cloud": "${cloudNames[0]}", "labels": {…}}`;

const when = z
  .strictObject(conditions)
  .refine((given) => Object.keys(given).length > 0, {
    message: 'must name claims, methods or hours',
    when: ({ issues }) => issues.length === 0,
  })
  .describe('Additional conditions, which must all be met.');

/**
 * A rule allows a client to use one connection, or all connections that match its selectors; without restriction or only
 * for some purposes; always or under conditions. A rule must have a selector, because it would otherwise allow every
 * connection.
 */
export const ruleInput = z
  .strictObject(
    {
      ...selectors,
      purposes: purposesField.describe('The rule allows only these purposes, and so no cloud token.'),
      when: when.exactOptional(),
    },
    ruleForms,
  )
  .refine((given) => Object.keys(selectors).some((name) => Object.hasOwn(given, name)), {
    message: ruleForms,
    when: ({ issues }) => issues.length === 0,
  })
  .refine(connectionStandsAlone, {
    message: 'cannot be combined with other selectors',
    path: ['connection'],
    when: ({ issues }) => issues.length === 0,
  });
