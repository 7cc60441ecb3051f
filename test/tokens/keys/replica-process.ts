/** Starts test/tokens/keys/replica-program.ts and talks with it. */
import { type ChildProcess, fork } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { KeyState, PublicJwk, Timing } from '../../../src/tokens/keys/index.ts';
import { compiled } from '../../support/compiled.ts';

export interface Order {
  readonly now: number;
  readonly act: 'rotate' | 'advance' | 'refresh' | 'revoke';
}

/** What a replica goes by, with a signature by its active key. */
export interface View {
  readonly told: 'view';
  /** Steps of its work so far, at each of which it could have died. */
  readonly steps: number;
  readonly keys: readonly { readonly kid: string; readonly state: KeyState }[];
  readonly jwks: readonly PublicJwk[];
  readonly kid: string;
  readonly signature: string;
  /** The code of the refusal of what it was told to do. */
  readonly refused?: string;
}

export type Told = View | { readonly told: 'swapped'; readonly value: unknown };

export interface ReplicaProcess {
  readonly child: ChildProcess;
  /** The view with which it has started; undefined when it died before. */
  readonly started: Promise<View | undefined>;
  /** What it goes by afterwards; undefined when it died over it. */
  order(order: Order): Promise<View | undefined>;
  /** Every document that the store has taken from it. */
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
  child.on('message', (told: Told) => {
    if (told.told === 'view') answer.resolve(told);
    else swapped.push(told.value);
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

/** Whether this JWKS knows the key that has signed in that view, and its signature is good. */
export function verifies({ kid, signature }: View, jwks: readonly PublicJwk[]): boolean {
  const jwk = jwks.find((key) => key.kid === kid);
  if (!jwk) return false;
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const bytes = Buffer.from(signature, 'base64url');
  return verify('sha256', Buffer.from('data'), { key, dsaEncoding: 'ieee-p1363' }, bytes);
}
