/**
 * Whether this process should get requests. Owns: the checks behind /readyz. Does not own: being alive, which a process
 * that answers proves by answering.
 */
import type { Algorithm } from '../clouds/index.ts';
import type { Keyring } from '../keys/index.ts';
import type { Store } from '../store/index.ts';
import { toTimestamp } from '../time/index.ts';

export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Health {
  checks(): Promise<readonly ReadinessCheck[]>;
  /** From now on not ready: the process is going down. */
  leave(): void;
}

export function createHealth(options: {
  store: Store;
  keyring: Keyring;
  algorithms: readonly Algorithm[];
  shortTimes: boolean;
}): Health {
  const { store, keyring, algorithms, shortTimes } = options;
  let leaving = false;

  return {
    async checks() {
      const checks = [await storeCheck(store), keysCheck(keyring, algorithms)];
      if (keyring.waiting.length > 0) checks.push(rotationCheck(keyring));
      if (shortTimes) {
        const detail =
          'keys.allow_short_times is on: verifiers that cache the JWKS will fail at a rotation. Not for production.';
        checks.push({ name: 'key_times', ok: true, detail });
      }
      if (leaving) checks.push({ name: 'process', ok: false, detail: 'going down' });
      return checks;
    },
    leave() {
      leaving = true;
    },
  };
}

const storeCheck = (store: Store): Promise<ReadinessCheck> =>
  store.ping().then(
    () => ({ name: 'store', ok: true, detail: 'reads and writes' }),
    () => ({ name: 'store', ok: false, detail: 'does not answer' }),
  );

/** No reason to send requests elsewhere: the active keys go on signing. */
const rotationCheck = ({ waiting }: Pick<Keyring, 'waiting'>): ReadinessCheck => ({
  name: 'rotation',
  ok: true,
  detail: waiting
    .map(
      ({ kid, alg, since, obstacles }) =>
        `${alg} ${kid} waits since ${toTimestamp(since)}: ${obstacles.join('; ')}`,
    )
    .join(', '),
});

function keysCheck(keyring: Keyring, algorithms: readonly Algorithm[]): ReadinessCheck {
  const { ms, stale } = keyring.staleness();
  if (stale) {
    const detail = `not signing: the store has not been seen for ${Math.floor(ms / 1000)} s`;
    return { name: 'keys', ok: false, detail };
  }
  const active = keyring.list().filter((key) => key.state === 'active');
  const without = algorithms.filter((alg) => !active.some((key) => key.alg === alg));
  return without.length === 0
    ? {
        name: 'keys',
        ok: true,
        detail: `signing with ${active.map((key) => `${key.alg} ${key.kid}`).join(', ')}`,
      }
    : { name: 'keys', ok: false, detail: `no active key for ${without.join(', ')}` };
}
