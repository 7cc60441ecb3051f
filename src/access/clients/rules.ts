/** What the API takes for a rule of a client. */
import { z } from 'zod';
import { conditions, connectionStandsAlone, purposesField, selectors } from './conditions.ts';

const ruleForms =
  'must be {"connection": "con_…"}, or one or more of {"tenant": "ten_…", "cloud": "aws", "labels": {…}}';

const when = z
  .strictObject(conditions)
  .refine((given) => Object.keys(given).length > 0, {
    message: 'must name claims, methods or hours',
    when: ({ issues }) => issues.length === 0,
  })
  .describe('What must hold besides; everything that is there.');

/**
 * One rule of who may enter where: a single connection, or all those of which everything holds that the rule names; for
 * everything there or for some purposes only; always, or when something holds. A rule that names no connections would be
 * a rule for everything, and there is none.
 */
export const ruleInput = z
  .strictObject(
    {
      ...selectors,
      purposes: purposesField.describe('It admits for these purposes only, and never to a cloud token.'),
      when: when.exactOptional(),
    },
    ruleForms,
  )
  .refine((given) => Object.keys(selectors).some((name) => Object.hasOwn(given, name)), {
    message: ruleForms,
    when: ({ issues }) => issues.length === 0,
  })
  .refine(connectionStandsAlone, {
    message: 'must stand alone: a rule for one connection needs no other selector',
    path: ['connection'],
    when: ({ issues }) => issues.length === 0,
  });
