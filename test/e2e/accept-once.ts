/** Posts each of 50 assertions ten times at once, alternating between two replicas: exactly 50 are accepted. */
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
  const statusesOf = async (assertion: string) => {
    const posts = Array.from({ length: 10 }, (_, at) =>
      askToken(at % 2 === 0 ? one.origin : other.origin, withAssertion(assertion)),
    );
    return (await Promise.all(posts)).map(({ status }) => status).toSorted();
  };
  // A hundred requests at once: with more, a busy machine answers 503 to some.
  for (let start = 0; start < assertions.length; start += 10)
    expect(await Promise.all(assertions.slice(start, start + 10).map(statusesOf))).toEqual(
      Array(10).fill([200, ...Array(9).fill(401)]),
    );
  const { items } = await other.admin.get<{ items: { event: string }[] }>(
    `/audit?client=${client_id}&event=token.issued&limit=200`,
  );
  expect(items.length).toBe(50);
}
