/**
 * The main job, shown: `npm run demo`. Owns: a vendor, a customer with three clouds, and the story between them. Does
 * not own: anything that does the work; it speaks to the server and the sandbox over HTTP, as anybody would.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../index.ts';
import { freePort, startLocalServer } from './local-server.ts';
import { narrator } from './narrator.ts';
import { tellStory } from './story.ts';

/** Runs the demo on free ports of loopback and in a folder of its own, and leaves nothing behind. Returns the exit code. */
export async function runDemo({ output }: { output: NodeJS.WritableStream }): Promise<number> {
  const say = narrator(output);
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
        vendor: 'Vendor Inc.',
      },
    });
    try {
      await tellStory({ server, sandbox: sandbox.origin, say });
      return 0;
    } finally {
      await server.close();
    }
  } catch (error) {
    say.failed(error);
    return 1;
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
}
