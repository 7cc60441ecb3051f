/** A server with the sandbox clouds, an external issuer, and one customer's connections, which are set up. */
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { type Customer, cloudsAt, connectCustomer } from '../../e2e/customer.ts';
import { startForeignIssuer } from '../../support/foreign-issuer.ts';
import { askToken, type TestClient, type TestServer, testServer, withSecret } from '../../support/server.ts';
import { allowLoopback } from '../federation/stage.ts';
import { asAssertion, audience, type Workload, workloads } from '../federation/workloads.ts';

export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Member {
  readonly id: string;
  /** Signs in for a resource, with these claims in its token, or with its secret. */
  signIn(resource: string, claims?: Record<string, unknown>): Promise<Answered>;
}

export interface Stage {
  readonly server: TestServer;
  readonly sandbox: string;
  readonly customer: Customer;
  readonly clock: { ahead: number };
  /** Creates a client with a secret, or a federated one for a job of a repository. */
  member(may_use: readonly object[], federated?: boolean): Promise<Member>;
  guards(guards: readonly object[]): Promise<void>;
  /** Gets an API token for each call. */
  v1(member: Member, path: string, claims?: Record<string, unknown>): Promise<Answered>;
  bearer(member: Member, claims?: Record<string, unknown>): Promise<string>;
  withBearer(token: string, path: string): Promise<Answered>;
  /** The number of requests to the sandbox clouds so far. */
  asked(): Promise<number>;
  audit(query: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const foreign = await startForeignIssuer();
  const { origin: sandbox, close: closeSandbox } = await startSandbox({
    listen: { host: '127.0.0.1', port: 0 },
  });
  const clock = { ahead: 0 };
  const server = await testServer({
    port: await freePort(),
    now: () => Date.now() + clock.ahead,
    config: {
      clouds: cloudsAt(sandbox),
      federation: { ca: foreign.caFile, allow_networks: allowLoopback },
      // The tests move the server's clock; API tokens must stay valid.
      tokens: { ttl: '1h' },
      keys: { stale_after: '1d' },
    },
  });
  const customer = await connectCustomer(server.admin, sandbox);
  const github: Workload = workloads.github(foreign);
  let repositories = 74;

  const withBearer = async (token: string, path: string): Promise<Answered> => {
    const answer = await fetch(`${server.issuer}/v1/connections/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const bearer = async (member: Member, claims?: Record<string, unknown>) =>
    String((await member.signIn('urn:sojourn:api', claims)).body.access_token);

  return {
    server,
    sandbox,
    customer,
    clock,
    async member(may_use, federated = false) {
      if (!federated) {
        const client = await server.admin.post<TestClient>('/clients', { name: 'service', may_use });
        return {
          id: client.client_id,
          signIn: (resource) => askToken(server.issuer, { ...withSecret(client), resource }),
        };
      }
      repositories += 1;
      const repository_id = String(repositories);
      const { trust } = github;
      const { ref: _, ...claims } = trust.claims as Record<string, string>;
      const { client_id } = await server.admin.post<TestClient>('/clients', {
        name: 'job',
        // Any branch; the rules restrict branches.
        auth: {
          method: 'federated',
          audience,
          ...trust,
          claims: { ...claims, repository_id, ref: { glob: 'refs/heads/*' } },
        },
        may_use,
      });
      return {
        id: client_id,
        async signIn(resource, more = {}) {
          const token = await foreign.sign({ ...github.claims(), repository_id, ...more }, github.header);
          return askToken(server.issuer, asAssertion(token, { resource }));
        },
      };
    },
    async guards(guards) {
      const { version } = await server.admin.get<{ version: number }>('/policy');
      await server.admin.put('/policy', { version, guards });
    },
    v1: async (member, path, claims) => withBearer(await bearer(member, claims), path),
    bearer,
    withBearer,
    async asked() {
      const answer = await fetch(`${sandbox}/sandbox/log`);
      return ((await answer.json()) as { entries: unknown[] }).entries.length;
    },
    async audit(query) {
      const { items } = await server.admin.get<{ items: Record<string, unknown>[] }>(`/audit?${query}`);
      return items.map(({ id: _, occurred_at: __, request_id: ___, ...line }) => line);
    },
    async close() {
      await server.close();
      await closeSandbox();
      await foreign.close();
    },
  };
}
