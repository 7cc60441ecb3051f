/** Repeated kill -9 during writes: every acknowledged write survives. */
import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { askToken, awsTarget, oneConnection, withSecret } from '../support/server.ts';
import { type ServerProcess, startProcess } from './process.ts';
import { later, newFolder, steadyPort } from './stage.ts';

interface Acknowledged {
  /** Paths of the admin API with what was answered when they were made. */
  readonly made: { readonly path: string; readonly answer: Readonly<Record<string, unknown>> }[];
  /** The jti of every token that was handed out. */
  readonly tokens: string[];
}

const writers = 4;

export function killLoop(
  name: string,
  kills: number,
  store: () => Promise<{ config: Record<string, unknown>; env: Record<string, string> }>,
): void {
  describe(`a server on ${name} that is killed ${kills} times during writes`, () => {
    test(
      'restarts with every acknowledged write, the same keys, and an audit line for every token',
      async () => {
        const options = { folder: await newFolder(), port: await steadyPort(), ...(await store()) };
        let server = await startProcess(options);
        later(() => server.stop('SIGKILL'));
        const { client, connection } = await oneConnection(server);
        const keys = await server.admin.get('/keys');
        const all: Acknowledged = { made: [], tokens: [] };

        for (let kill = 0; kill < kills; kill++) {
          const fresh = await writeUntilKilled(server, withSecret(client, connection), 5 + 3 * (kill % 5));
          server = await startProcess(options);
          await expectKept(server, fresh);
          expect(await server.admin.get('/keys')).toEqual(keys);
          all.made.push(...fresh.made);
          all.tokens.push(...fresh.tokens);
        }

        const kinds = Map.groupBy(all.made, ({ path }) => path.split('/')[1]);
        expect(new Set(kinds.keys())).toEqual(new Set(['tenants', 'clients', 'connections']));
        expect(all.tokens.length).toBeGreaterThan(kills);
        await expectKept(server, all);

        // Published for a second before they may sign, in this configuration; the kills have taken longer.
        const rotated = await server.admin.post('/keys/rotate');
        await server.stop('SIGKILL');
        server = await startProcess(options);
        expect(await server.admin.get('/keys')).toEqual(rotated);
        await server.stop('SIGTERM');
      },
      60_000 + kills * 20_000,
    );
  });
}

/** Several writers at once; the process dies when `enough` writes are acknowledged, while the others are under way. */
async function writeUntilKilled(
  server: ServerProcess,
  tokenForm: Record<string, string>,
  enough: number,
): Promise<Acknowledged> {
  const done: Acknowledged = { made: [], tokens: [] };
  let killed: Promise<unknown> | undefined;
  const make = async (path: string, body: object) => {
    const answer = await server.admin.post<Record<string, string>>(path, body);
    // Shown once, and never again.
    delete answer.client_secret;
    done.made.push({ path: `${path}/${answer.id ?? answer.client_id}`, answer });
    return answer;
  };
  const write = async () => {
    const tenant = await make('/tenants', { name: 'Acme' });
    const made = await make('/connections', {
      name: 'prod',
      tenant: tenant.id,
      cloud: 'aws',
      target: awsTarget,
    });
    await make('/clients', { name: 'deployer', may_use: [{ connection: made.id }] });
    const { status, body } = await askToken(server.issuer, tokenForm);
    expect(status).toBe(200);
    done.tokens.push(String(decodeJwt(String(body.access_token)).jti));
    if (done.made.length >= enough) killed ??= server.stop('SIGKILL');
  };
  const writer = async () => {
    for (;;) {
      try {
        await write();
      } catch (error) {
        // What was under way when the process died was never acknowledged.
        if (killed) return;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  await killed;
  return done;
}

async function expectKept({ admin }: ServerProcess, { made, tokens }: Acknowledged): Promise<void> {
  for (const { path, answer } of made) expect(await admin.get(path)).toEqual(answer);
  for (const jti of tokens) {
    const { items } = await admin.get<{ items: object[] }>(`/audit?jti=${jti}`);
    expect(items).toEqual([expect.objectContaining({ event: 'token.issued', outcome: 'ok', jti })]);
  }
}
