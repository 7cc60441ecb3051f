/** What the customer's cloud must be told of a connection, byte for byte as in its tokens. */
import type { SetupFacts } from '../clouds/index.ts';
import { type Connection, destinationOf, subjectOf } from '../connections/index.ts';

export const factsOf = (connection: Connection, vendor: string): SetupFacts => ({
  issuer: connection.issuer,
  subject: subjectOf(connection),
  audience: destinationOf(connection).audience,
  connection: { id: connection.id, name: connection.name },
  vendor,
});
