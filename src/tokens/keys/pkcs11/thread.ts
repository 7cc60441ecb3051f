/**
 * The worker thread that calls the module: one that hangs, as a module for a network device may, blocks only this thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type * as Pkcs11 from 'pkcs11js';
import { fault, faultOf, type TokenFault } from './fault.ts';
import { type PublicMembers, Token, type TokenSettings } from './token.ts';

export type Task =
  | { readonly task: 'create'; readonly alg: 'RS256' | 'ES256' }
  | { readonly task: 'publicKey'; readonly id: string }
  | {
      readonly task: 'sign';
      readonly id: string;
      readonly alg: 'RS256' | 'ES256';
      readonly data: Uint8Array;
    };

export interface TaskResult {
  readonly number: number;
  readonly result?: string | PublicMembers | Uint8Array;
  readonly fault?: TokenFault;
}

/** The first message: whether the package loads, or why not. */
export type StartMessage = { readonly ready: true } | { readonly missing: string };

const port = parentPort!;
const settings = workerData as TokenSettings;

try {
  const { default: pkcs11js } = (await import('pkcs11js')) as unknown as { default: typeof Pkcs11 };
  let token: Token | undefined;
  port.on('message', ({ number, ...task }: Task & { number: number }) => {
    try {
      token ??= load(pkcs11js);
      port.postMessage({ number, result: perform(token, task) } satisfies TaskResult);
    } catch (error) {
      port.postMessage({ number, fault: faultOf(error) } satisfies TaskResult);
    }
  });
  port.postMessage({ ready: true } satisfies StartMessage);
} catch (error) {
  port.postMessage({ missing: String(error) } satisfies StartMessage);
}

function load(pkcs11js: typeof Pkcs11): Token {
  try {
    return new Token(pkcs11js, settings);
  } catch (error) {
    throw fault('refused', `the module ${settings.module} cannot be loaded (${faultOf(error).reason})`);
  }
}

function perform(token: Token, task: Task): string | PublicMembers | Uint8Array {
  if (task.task === 'create') return token.create(task.alg);
  if (task.task === 'publicKey') return token.publicKey(task.id);
  return token.sign(task.id, task.alg, task.data);
}
