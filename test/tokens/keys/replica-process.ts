/** Starts test/tokens/keys/replica-program.ts and exchanges messages with it. */
import { type ChildProcess, fork } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { KeyState, PublicJwk, Timing } from '../../../src/tokens/keys/index.ts';
import { compiled } from '../../support/compiled.ts';

export interface Order {
  readonly now: number;
  readonly act: 'rotate' | 'advance' | 'refresh' | 'revoke';
  /** The step of this command at which the replica kills itself. */
  readonly dieAt?: number;
}

/** The ring of a replica, with a signature by its active key. */
export interface View {
  readonly type: 'view';
  /** The number of its steps so far, at each of which it could have died. */
  readonly steps: number;
  readonly keys: readonly { readonly kid: string; readonly state: KeyState }[];
  readonly jwks: readonly PublicJwk[];
  readonly kid: string;
  readonly signature: string;
  /** The error code, if the command was refused. */
  readonly refused?: string;
}

export type Message = View | { readonly type: 'swapped'; readonly value: unknown };

export interface ReplicaProcess {
  readonly child: ChildProcess;
  /** The view after its start; undefined if it died before. */
  readonly started: Promise<View | undefined>;
  /** The view after the command; undefined if it died during it. */
  order(order: Order): Promise<View | undefined>;
  /** Every document that it has written to the store. */
  readonly swapped: readonly unknown[];
  end(): Promise<void>;
}

const program = fileURLToPath(new URL('replica-program.ts', import.meta.url));

export function startReplica(options: {
  url: string;
  folder: string;
  timing: Timing;
  now: number;
  dieAt?: number;
}): ReplicaProcess {
  const { url, folder, timing, now, dieAt = '' } = options;
  const child = fork(program, [url, folder, JSON.stringify(timing), String(now), String(dieAt)], {
    execArgv: ['--no-warnings'],
    env: { ...process.env, NODE_OPTIONS: '', ...compiled },
  });
  const ended = once(child, 'exit');
  const swapped: unknown[] = [];
  let answer = Promise.withResolvers<View | undefined>();
  child.on('message', (message: Message) => {
    if (message.type === 'view') answer.resolve(message);
    else swapped.push(message.value);
  });
  child.once('exit', () => answer.resolve(undefined));
  const started = answer.promise;
  return {
    child,
    started,
    swapped,
    async order(order) {
      await answer.promise;
      if (child.exitCode !== null || child.signalCode !== null) return undefined;
      answer = Promise.withResolvers();
      child.send(order, () => undefined);
      return answer.promise;
    },
    async end() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** Whether this JWKS has the key that signed in that view, and the signature verifies. */
export function verifies({ kid, signature }: View, jwks: readonly PublicJwk[]): boolean {
  const jwk = jwks.find((key) => key.kid === kid);
  if (!jwk) return false;
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const bytes = Buffer.from(signature, 'base64url');
  return verify('sha256', Buffer.from('data'), { key, dsaEncoding: 'ieee-p1363' }, bytes);
}
