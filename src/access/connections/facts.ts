/** The values that the customer's cloud must trust, exactly as in the connection's tokens. */
import type { SetupFacts } from '../../clouds/index.ts';
import { type ResolvedConnection, subjectOf } from './connection.ts';

export const setupFactsOf = (
  { connection, destination }: ResolvedConnection,
  vendor: string,
): SetupFacts => ({
  issuer: connection.issuer,
  subject: subjectOf(connection),
  audience: destination.audience,
  connection: { id: connection.id, name: connection.name },
  vendor,
});
