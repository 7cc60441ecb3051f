/** Two servers with one issuer and one store. */
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { testServer } from '../../support/server.ts';
import type { Replica, Replicas } from './suite.ts';

export async function twoReplicas(
  config: Record<string, unknown>,
  cleanUp: () => Promise<void>,
): Promise<Replicas> {
  const start = async (): Promise<Replica> => {
    const port = await freePort();
    const server = await testServer({
      port,
      config: {
        ...config,
        issuer: 'https://id.example.com',
        keys: { ...(config.keys as object | undefined), check_propagation: false },
      },
    });
    return { ...server, base: `http://127.0.0.1:${port}` };
  };
  const one = await start();
  let other = await start();
  return {
    one,
    other,
    async restart() {
      await other.close();
      other = await start();
      return other;
    },
    async close() {
      await other.close();
      await one.close();
      await cleanUp();
    },
  };
}
