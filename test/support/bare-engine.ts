/**
 * A plain oidc-provider without our checks: attacks that must fail on Sojourn succeed on it. It runs in a separate
 * process, because inside jest the engine does not recognize Node's own plain objects.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface BareEngine {
  readonly issuer: string;
  readonly secret: { readonly client_id: string; readonly client_secret: string };
  close(): Promise<void>;
}

export async function bareEngine(assertionKey: Record<string, unknown>): Promise<BareEngine> {
  const program = join(import.meta.dirname, 'bare-engine-program.ts');
  // Its warnings about in-memory tokens are the point of it.
  const child = fork(program, [JSON.stringify(assertionKey)], { stdio: 'ignore' });
  const [told] = (await once(child, 'message')) as [Omit<BareEngine, 'close'>];
  return {
    ...told,
    close: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
