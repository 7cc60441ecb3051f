/** A document that somebody pasted, read strictly and judged by the cloud of the connection. */

import { type Connection, destinationOf } from '../../access/connections/index.ts';
import type { Linted, SetupFacts } from '../../clouds/index.ts';
import { invalidRequest } from '../../platform/errors/index.ts';
import { hasDoubledName } from '../../platform/validation/index.ts';

/** Throws `invalid_request` for what is no JSON, can be read in two ways, or is no document that decides who is let in. */
export const lintDocument = (connection: Connection, facts: SetupFacts, text: string): Linted =>
  destinationOf(connection).lint(facts, strict(text));

function strict(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest([{ path: 'document', message: 'is no JSON' }]);
  }
  if (hasDoubledName(text))
    throw invalidRequest([
      {
        path: 'document',
        message: 'has a member twice, of which one reader takes the first and another the last',
      },
    ]);
  return value;
}
