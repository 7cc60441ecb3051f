/** Posts each of 50 assertions ten times concurrently, alternating between two replicas: exactly 50 are accepted. */
import { expect } from '@jest/globals';
import { assertionKey, withAssertion } from '../support/assertions.ts';
import { askToken, oneConnection } from '../support/server.ts';
import type { ServerProcess } from './process.ts';

export async function acceptOnce(one: ServerProcess, other: ServerProcess): Promise<void> {
  const key = await assertionKey();
  const { connection } = await oneConnection(one);
  const auth = { method: 'private_key_jwt', jwks: { keys: [key.jwk] } };
  const { client_id } = await one.admin.post<{ client_id: string }>('/clients', {
    name: 'keyed',
    auth,
    may_use: [{ connection: connection.id }],
  });
  const assertions = await Promise.all(Array.from({ length: 50 }, () => key.sign(client_id, one.issuer)));
  const accepted = await Promise.all(
    assertions.map(async (assertion) => {
      const posts = Array.from({ length: 10 }, (_, at) =>
        askToken(at % 2 === 0 ? one.origin : other.origin, withAssertion(assertion)),
      );
      const statuses = (await Promise.all(posts)).map(({ status }) => status);
      expect(statuses.filter((status) => status !== 200)).toEqual(Array(9).fill(401));
      return statuses.filter((status) => status === 200).length;
    }),
  );
  expect(accepted).toEqual(Array(50).fill(1));
  const { items } = await other.admin.get<{ items: { event: string }[] }>(
    `/audit?client=${client_id}&event=token.issued&limit=200`,
  );
  expect(items.length).toBe(50);
}
