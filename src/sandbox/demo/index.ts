/**
 * The demo of the main workflow: `npm run demo`. Owns: a vendor, a customer with three clouds and a cluster, and the steps between
 * them. Does not own: the server and the sandbox; it uses both over HTTP, like any other program.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../index.ts';
import { freePort, startLocalServer } from './local-server.ts';
import { createDemoOutput } from './output.ts';
import { runScenario } from './scenario.ts';

/** Runs the demo on free loopback ports in a temporary directory, and removes everything. Returns the exit code. */
export async function runDemo({ output }: { output: NodeJS.WritableStream }): Promise<number> {
  const printer = createDemoOutput(output);
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-demo-'));
  const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 } });
  try {
    const server = await startLocalServer({
      folder,
      port: await freePort(),
      config: {
        clouds: {
          aws: { sts_endpoint: `${sandbox.origin}/aws` },
          azure: {
            authority_host: `${sandbox.origin}/azure`,
            resource_manager_endpoint: `${sandbox.origin}/azure`,
          },
          gcp: {
            sts_endpoint: `${sandbox.origin}/gcp`,
            iam_credentials_endpoint: `${sandbox.origin}/gcp`,
            resource_manager_endpoint: `${sandbox.origin}/gcp`,
          },
        },
        presets: { endpoints: { kubernetes: `${sandbox.origin}/kubernetes` } },
        vendor: 'Vendor Inc.',
      },
    });
    try {
      await runScenario({ server, sandbox: sandbox.origin, output: printer });
      return 0;
    } finally {
      await server.close();
    }
  } catch (error) {
    printer.failed(error);
    return 1;
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
}
