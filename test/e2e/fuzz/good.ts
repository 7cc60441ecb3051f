/** Valid requests of every kind that /token serves, with their secrets. */
import { assertionKey } from '../../support/assertions.ts';
import type { ForeignIssuer } from '../../support/foreign-issuer.ts';
import { type TestClient, type TestConnection, withSecret } from '../../support/server.ts';
import type { ServerProcess } from '../process.ts';
import type { Random } from './random.ts';
import { type Draft, draftOf } from './request.ts';

export interface Good {
  draft(random: Random): Promise<Draft>;
  /** Secrets that were sent in one request after another. */
  readonly lasting: readonly string[];
  /** Signatures of everything signed that was sent, and so may be found nowhere. */
  readonly signatures: Set<string>;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const audience = 'https://id.example.com';

/** A signature costs a tenth of a request: most of what is sent has been sent before, in other words. */
const freshShare = 0.15;
const maxKept = 200;

export async function goodRequests(
  { admin, issuer }: ServerProcess,
  foreign: ForeignIssuer,
  connection: TestConnection,
): Promise<Good> {
  const may_use = [{ connection: connection.id }];
  const client = await admin.post<TestClient>('/clients', { name: 'secret', may_use });
  const key = await assertionKey();
  const auth = { method: 'private_key_jwt', jwks: { keys: [key.jwk] } };
  const keyed = await admin.post<TestClient>('/clients', { name: 'keyed', may_use, auth });
  const iss = foreign.issuerAt('/workload');
  const federated = { method: 'federated', issuer: iss, subject: 'workload', audience };
  await admin.post('/clients', { name: 'federated', may_use, auth: federated });

  const signatures = new Set<string>();
  const keeping = (make: () => Promise<string>) => {
    const kept: string[] = [];
    return async (random: Random): Promise<string> => {
      if (kept.length > 0 && !random.chance(freshShare)) return random.pick(kept);
      const jws = await make();
      signatures.add(jws.slice(jws.lastIndexOf('.') + 1));
      if (kept.length < maxKept) kept.push(jws);
      else kept[random.below(maxKept)] = jws;
      return jws;
    };
  };
  const assertion = keeping(() => key.sign(keyed.client_id, issuer));
  const token = keeping(async () => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss,
      sub: 'workload',
      aud: audience,
      iat: now,
      exp: now + 600,
      jti: crypto.randomUUID(),
    };
    return foreign.sign(claims, {}, foreign.keys[1]);
  });

  const pair = `${client.client_id}:${client.client_secret}`;
  const basic = Buffer.from(pair).toString('base64');
  const grant_type = 'client_credentials';
  const resource = `urn:sojourn:connection:${connection.id}`;
  const kinds: readonly ((random: Random) => Promise<Draft>)[] = [
    async () => draftOf(withSecret(client, connection)),
    async () => draftOf({ ...withSecret(client, connection), audience: connection.audience }),
    async () => draftOf({ ...withSecret(client), resource: 'urn:sojourn:api' }),
    async () => draftOf({ grant_type, resource }, [['Authorization', `Basic ${basic}`]]),
    async (random) =>
      draftOf({
        grant_type,
        resource,
        ...{
          client_assertion_type: assertionType,
          client_assertion: await assertion(random),
        },
      }),
    async (random) =>
      draftOf({
        grant_type,
        resource,
        ...{
          client_assertion_type: assertionType,
          client_assertion: await token(random),
        },
      }),
    async (random) =>
      draftOf({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        resource,
        ...{
          subject_token: await token(random),
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        },
      }),
  ];
  return {
    draft: (random) => random.pick(kinds)(random),
    lasting: [client.client_secret, basic],
    signatures,
  };
}
